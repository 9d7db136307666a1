// Requests by their ids, each in a row.
import { parseUsd, type TokenUsage } from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { Attribution, DecisionRecord, type RequestSummary } from "@waybill/wire";
import { timeOfId } from "../core/request-pages.ts";
import { type BookedAttempt, type OpenDecision, summarise } from "../core/request-summary.ts";

/** Of the entries of an attempt the last one stands; the order in which the key has them, backwards. */
export const STANDING_ORDER = "request_id DESC, attempt DESC, sequence DESC";
export const WITH_DIMENSIONS =
  "JOIN ledger.attribution a ON a.id = e.attribution_id JOIN ledger.routing r ON r.id = e.routing_id";

const BOOKED = `
  SELECT e.request_id, e.attempt, e.end_user_id, e.tags, e.session, e.outcome, e.error_code, e.finish_reason, e.stream, e.suspect,
    e.input_tokens, e.cached_input_tokens, e.cache_write_5m_tokens, e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens,
    e.cost_usd, e.token_source, e.first_token_ms, e.duration_ms,
    a.organisation_id, a.organisation_name, a.team_id, a.team_name, a.user_id, a.user_name, a.key_id, a.key_name, a.environment,
    r.requested_model, r.route, r.route_version, r.provider, r.provider_account, r.model, r.simulated
  FROM (SELECT DISTINCT ON (request_id, attempt) * FROM ledger.entry WHERE request_month = $1 AND request_id = ANY ($2) ORDER BY ${STANDING_ORDER}) e
  ${WITH_DIMENSIONS} ORDER BY e.request_id, e.attempt`;

/** `d` is a decision; nothing is on the books of its attempt. */
export const NOT_BOOKED = `NOT EXISTS (
  SELECT FROM ledger.entry b
  WHERE b.request_month = d.request_month AND b.request_id = d.request_id AND b.attempt = d.attempt)`;

const OPEN = `
  SELECT d.request_id, d.attempt, d.record FROM requests.decision d
  WHERE d.request_month = $1 AND d.request_id = ANY ($2) AND (d.refusal_code <> '' OR (d.request_id >= $3 AND ${NOT_BOOKED}))
  ORDER BY d.request_id, d.attempt`;

/**
 * The requests of these ids, all of one month, in their order; what has no row is left out. `pendingFromId`: what was decided later may
 * still be under way.
 */
export async function requestRows(
  pool: Pool,
  month: string,
  ids: readonly string[],
  pendingFromId: string,
): Promise<RequestSummary[]> {
  if (ids.length === 0) return [];
  // In this order, so that what is booked between the two looks is in one of them.
  const open = byRequest((await pool.query<Row>(OPEN, [month, ids, pendingFromId])).rows);
  const booked = byRequest((await pool.query<Row>(BOOKED, [month, ids])).rows);
  return ids.flatMap((requestId) => {
    const attempts = (booked.get(requestId) ?? []).map(toBooked);
    const known = new Set(attempts.map(({ attempt }) => attempt));
    const decisions = (open.get(requestId) ?? []).map(toOpen).filter(({ attempt, record }) => {
      return !known.has(attempt) || record.explanation?.refusalCode !== "";
    });
    if (attempts.length + decisions.length === 0) return [];
    return [summarise({ requestId, requestedAtMs: timeOfId(requestId), booked: attempts, open: decisions })];
  });
}

function byRequest(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.request_id);
    if (group) group.push(row);
    else groups.set(row.request_id, [row]);
  }
  return groups;
}

function toOpen(row: Row): OpenDecision {
  return { attempt: row.attempt, record: DecisionRecord.decode(row.record) };
}

function toBooked(row: Row): BookedAttempt {
  return {
    attempt: row.attempt,
    attribution: toAttribution(row),
    environment: row.environment ?? "",
    session: row.session ?? "",
    requestedModel: row.requested_model ?? "",
    route: row.route ?? "",
    routeVersion: Number(row.route_version ?? 0),
    provider: row.provider,
    account: row.provider_account ?? "",
    model: row.model,
    simulated: row.simulated,
    outcome: row.outcome,
    errorCode: row.error_code ?? "",
    finishReason: row.finish_reason ?? "",
    stream: row.stream,
    suspect: row.suspect,
    tokens: toTokens(row),
    costPicoUsd: row.cost_usd === null ? undefined : parseUsd(row.cost_usd),
    estimated: row.token_source !== "provider" && row.token_source !== "none",
    firstTokenMs: Number(row.first_token_ms ?? 0),
    durationMs: Number(row.duration_ms ?? 0),
  };
}

function toAttribution(row: Row): Attribution {
  return Attribution.create({
    organisationId: row.organisation_id,
    organisationName: row.organisation_name ?? "",
    teamId: row.team_id ?? "",
    teamName: row.team_name ?? "",
    userId: row.user_id ?? "",
    userName: row.user_name ?? "",
    keyId: row.key_id ?? "",
    keyName: row.key_name ?? "",
    endUserId: row.end_user_id ?? "",
    tags: row.tags ?? {},
  });
}

function toTokens(row: Row): TokenUsage {
  return {
    input: BigInt(row.input_tokens),
    cachedInput: BigInt(row.cached_input_tokens),
    cacheWrite5m: BigInt(row.cache_write_5m_tokens),
    cacheWrite1h: BigInt(row.cache_write_1h_tokens),
    output: BigInt(row.output_tokens),
    reasoningOutput: BigInt(row.reasoning_tokens),
  };
}
