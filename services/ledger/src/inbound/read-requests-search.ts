// What the log of requests is asked for, checked: every problem is told at once.
import { firstUuidOf, formatUsd, WaybillError } from "@waybill/domain";
import type { ListRequestsRequest } from "@waybill/wire";
import { TIME_MS_MAX } from "../core/decision-row.ts";
import { REQUEST_OUTCOMES, type RequestFilter } from "../core/request-filter.ts";
import { decodePlace, type SearchPlace } from "../core/request-pages.ts";

const LIMIT = 100;
const LIMIT_MAX = 1_000;
const TAGS_MAX = 16;
const DAY_MS = 86_400_000;
/** Nothing is older: the books have no earlier month. */
const FIRST_MS = Date.UTC(2020, 0);

export interface RequestsSearch {
  filter: RequestFilter;
  place: SearchPlace;
  limit: number;
}

/** Throws invalid_value, with the first field at fault and a sentence for each. */
export function readRequestsSearch(request: ListRequestsRequest, nowMs: number): RequestsSearch {
  const { cursor, limit, outcome, minCostPicoUsd, tags } = request;
  const problems: [field: string, sentence: string][] = [];
  const place = cursor === "" ? newestPlace(request, nowMs, problems) : decodePlace(cursor);
  if (!place) problems.push(["cursor", "The cursor is not one of an answer before."]);
  const { provider, model } = readModel(request, problems);
  if (outcome !== "" && !REQUEST_OUTCOMES.some((known) => known === outcome)) {
    problems.push(["outcome", `An outcome is one of ${REQUEST_OUTCOMES.join(", ")}.`]);
  }
  if (!/^\d{0,38}$/.test(minCostPicoUsd)) problems.push(["min_cost_pico_usd", "The cost is no amount of pico-USD."]);
  if (Object.keys(tags).length > TAGS_MAX) problems.push(["tags", `At most ${TAGS_MAX} tags.`]);
  if (limit > LIMIT_MAX) problems.push(["limit", `At most ${LIMIT_MAX} requests come in one answer.`]);
  const [first] = problems;
  if (first || !place) {
    const publicMessage = problems.map(([, sentence]) => sentence).join(" ");
    throw new WaybillError("invalid_value", { param: first?.[0] ?? "cursor", publicMessage });
  }
  const { organisationId, teamId, userId, keyId, endUserId, session, environment } = request;
  const { route, routeVersion, requestedModel, account, errorCode, finishReason, anyAttempt, refusalCode } = request;
  const { unpriced, suspect, fallbacks, cached } = request;
  return {
    filter: {
      ...{ organisationId, teamId, userId, keyId, endUserId, session, environment, tags },
      ...{
        route,
        routeVersion,
        requestedModel,
        provider,
        account,
        model,
        outcome,
        errorCode,
        finishReason,
        anyAttempt,
      },
      ...{ refusalCode, unpriced, suspect, fallbacks, cached },
      minCostUsd: minCostPicoUsd === "" ? "" : formatUsd(BigInt(minCostPicoUsd)),
    },
    place,
    limit: limit === 0 ? LIMIT : limit,
  };
}

function newestPlace(
  { fromMs, untilMs }: ListRequestsRequest,
  nowMs: number,
  problems: [string, string][],
): SearchPlace {
  const isTime = (timeMs: bigint): boolean => timeMs >= 0n && timeMs <= TIME_MS_MAX;
  if (!isTime(fromMs)) problems.push(["from_ms", "from_ms is no time."]);
  if (!isTime(untilMs)) problems.push(["until_ms", "until_ms is no time."]);
  // A clock of an ingress may be a little ahead of this one; what came from it just now is not left out.
  const until = Number(untilMs) || nowMs + CLOCKS_APART_MS;
  const from = Number(fromMs) || (Number(untilMs) || nowMs) - DAY_MS;
  if (from >= until) problems.push(["from_ms", "from must be before until."]);
  return { beforeId: firstUuidOf(Math.min(Math.max(until, 0), TIME_MS_MAX)), fromMs: Math.max(from, FIRST_MS) };
}
const CLOCKS_APART_MS = 60_000;

/** A model names its provider; where both are given they must be the same. */
function readModel(
  { provider, model }: ListRequestsRequest,
  problems: [string, string][],
): { provider: string; model: string } {
  if (model === "") return { provider, model };
  const slash = model.indexOf("/");
  const named = model.slice(0, Math.max(0, slash));
  if (slash < 1 || slash === model.length - 1) problems.push(["model", "A model is named <provider>/<model>."]);
  else if (provider !== "" && provider !== named) problems.push(["provider", "The model is of another provider."]);
  return { provider: named, model: model.slice(slash + 1) };
}
