// The explanation of a decision, from how the choice went: what is recorded, printed, and compared byte for byte in a replay.
import { Explanation } from "@waybill/wire";
import type { Choice } from "./choose/choose.ts";
import type { Itinerary } from "./itinerary.ts";
import type { ModelEntry } from "./snapshot.ts";

/** What was held, as the explanation keeps it. */
export interface HeldFigures {
  heldPicoUsd: bigint;
  maxOutputTokens: bigint;
  clamped: boolean;
}

export const NOTHING_HELD: HeldFigures = { heldPicoUsd: 0n, maxOutputTokens: 0n, clamped: false };

export function explainChoice(itinerary: Itinerary, reason: string, choice: Choice, held: HeldFigures): Explanation {
  const { outcome, considered, mode, affinity } = choice;
  const explanation: Explanation = {
    ...Explanation.create({}),
    route: itinerary.route,
    routeVersion: itinerary.routeVersion,
    routeOrganisationId: itinerary.routeOrganisationId,
    reason,
    candidates: considered,
    mode,
    sessionAffinity: affinity,
  };
  if (outcome.kind === "refused") {
    return { ...explanation, refusalCode: outcome.code, refusalMessage: outcome.because };
  }
  const { entry, item } = outcome;
  return {
    ...explanation,
    path: [...item.path],
    target: targetOf(entry),
    priceVersion: entry.price?.version ?? "",
    ...held,
  };
}

/** Of a request that never got as far as a choice. */
export function explainRefusal(route: string, code: string, message: string): Explanation {
  return { ...Explanation.create({}), route, refusalCode: code, refusalMessage: message };
}

function targetOf({ provider, model, upstreamModel, simulated }: ModelEntry): Explanation["target"] {
  return { provider, model, upstreamModel, simulated };
}
