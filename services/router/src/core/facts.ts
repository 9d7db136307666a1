// What a route's conditions may look at, from the features the ingress derived and the world. Never prompt text.
import type { Facts } from "@waybill/routes";
import type { Attribution, BudgetFacts, Features } from "@waybill/wire";
import type { CompiledRoute } from "./route/compiled-route.ts";
import type { World } from "./world.ts";

const NO_MODELS = Object.freeze({});
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday; Monday is 1. */
const FIRST_WEEKDAY = 3;

export function factsOf(
  features: Features,
  attribution: Attribution,
  route: Pick<CompiledRoute, "readsBody" | "readsModels" | "readsBudget">,
  world: World,
): Facts {
  const input = Number(features.estimatedInputTokens);
  const output = Number(features.maxOutputTokens);
  return {
    metadata: features.metadata,
    headers: features.headers,
    body: route.readsBody ? readBody(features.bodyJson) : NO_MODELS,
    request: {
      model: features.requestedModel,
      path: features.path,
      stream: features.stream,
      estimated_input_tokens: input,
      max_output_tokens: output,
      context_tokens: input + output,
      part_count: features.inputPartCount,
      has_tools: features.hasTools,
      has_images: features.hasImages,
      has_json_schema: features.hasJsonSchema,
      session_id: features.routing?.sessionId ?? "",
      hour: Math.floor((world.atMs % DAY_MS) / HOUR_MS),
      weekday: ((Math.floor(world.atMs / DAY_MS) + FIRST_WEEKDAY) % 7) + 1,
    },
    caller: {
      organisation_id: attribution.organisationId,
      team_id: attribution.teamId,
      user_id: attribution.userId,
      key_id: attribution.keyId,
      end_user_id: attribution.endUserId,
      tags: attribution.tags,
    },
    budget: route.readsBudget ? budgetOf(world.budgetFacts()) : undefined,
    model: route.readsModels ? world.modelFacts() : NO_MODELS,
  };
}

function budgetOf(known: BudgetFacts | undefined): Facts["budget"] {
  return (
    known && {
      name: known.name,
      used_share: known.usedShare,
      burn_usd_per_hour: known.burnUsdPerHour,
      hours_to_exhaustion: known.hoursToExhaustion < 0 ? Number.POSITIVE_INFINITY : known.hoursToExhaustion,
      remaining_usd: known.remainingUsd,
    }
  );
}

/** What cannot be read is missing: the ingress made it, so this is another version's at most. */
function readBody(json: string): Readonly<Record<string, unknown>> {
  if (json === "") return NO_MODELS;
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : NO_MODELS;
  } catch {
    return NO_MODELS;
  }
}
