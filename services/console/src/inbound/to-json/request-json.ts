// Requests of the log as people read them.
import { formatUsd, parseUsd } from "@waybill/domain";
import { ListRequestsRequest, type ListRequestsResponse, type RequestSummary } from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/requests.ts";
import { textOrNull } from "./explanation-json.ts";
import { isoTime } from "./iso-time.ts";

type Query = z.output<typeof schemas.listRequestsQuery>;

/** Times are left out: whoever asks adds them. */
export function requestsWish(query: Query, organisationId: string): ListRequestsRequest {
  const { team = "", user = "", key = "", endUser = "", session = "", environment = "", tag = [] } = query;
  const { route = "", routeVersion = 0, requestedModel = "", provider = "", account = "", model = "" } = query;
  const { outcome = "", errorCode = "", finishReason = "", refusal = "", minCost, cursor, limit } = query;
  const tags = (Array.isArray(tag) ? tag : [tag]).map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return ListRequestsRequest.fromPartial({
    ...{ organisationId, teamId: team, userId: user, keyId: key, endUserId: endUser, session, environment },
    ...{ tags: Object.fromEntries(tags), route, routeVersion, requestedModel, provider, account, model },
    ...{ outcome, errorCode, finishReason, refusalCode: refusal, cursor, limit },
    ...{
      anyAttempt: query.anyAttempt === "true",
      unpriced: query.unpriced === "true",
      cached: query.cached === "true",
    },
    ...{ suspect: query.suspect === "true", fallbacks: query.fallbacks === "true" },
    minCostPicoUsd: minCost === undefined ? "" : parseUsd(minCost).toString(),
  });
}

export function requestPageJson(wire: ListRequestsResponse): z.input<typeof schemas.requestPage> {
  return {
    requests: wire.requests.map(requestJson),
    nextCursor: textOrNull(wire.nextCursor),
    searchedUntil: isoTime(wire.searchedUntilMs),
  };
}

export function requestJson(wire: RequestSummary): z.input<typeof schemas.requestRow> {
  const { requestId, tags, simulated, outcome, attempts, cached, stream, suspect, unpricedAttempts } = wire;
  return {
    ...{ requestId, tags, simulated, outcome, attempts, cached, stream, suspect, unpricedAttempts },
    at: isoTime(wire.requestedAtMs),
    organisation: whoOrNull(wire.organisationId, wire.organisationName),
    team: whoOrNull(wire.teamId, wire.teamName),
    user: whoOrNull(wire.userId, wire.userName),
    key: whoOrNull(wire.keyId, wire.keyName),
    endUser: textOrNull(wire.endUserId),
    session: textOrNull(wire.session),
    environment: textOrNull(wire.environment),
    requestedModel: textOrNull(wire.requestedModel),
    route: textOrNull(wire.route),
    routeVersion: wire.route === "" ? null : wire.routeVersion,
    model: wire.model === "" ? null : `${wire.provider}/${wire.model}`,
    account: textOrNull(wire.account),
    errorCode: textOrNull(wire.errorCode),
    finishReason: textOrNull(wire.finishReason),
    refusalCode: textOrNull(wire.refusalCode),
    inputTokens: Number(wire.inputTokens),
    cachedInputTokens: Number(wire.cachedInputTokens),
    cacheWrite5mTokens: Number(wire.cacheWrite5mTokens),
    cacheWrite1hTokens: Number(wire.cacheWrite1hTokens),
    outputTokens: Number(wire.outputTokens),
    reasoningOutputTokens: Number(wire.reasoningOutputTokens),
    costUsd: wire.costPicoUsd === "" ? null : formatUsd(BigInt(wire.costPicoUsd)),
    estimatedCostUsd: formatUsd(BigInt(wire.estimatedCostPicoUsd || 0)),
    firstTokenMs: wire.firstTokenMs === 0n ? null : Number(wire.firstTokenMs),
    durationMs: Number(wire.durationMs),
  };
}

function whoOrNull(id: string, name: string): { id: string; name: string | null } | null {
  return id === "" ? null : { id, name: textOrNull(name) };
}
