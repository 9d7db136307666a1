// Rows of decisions and of the entries that stand, as they are told.
import { parseUsd } from "@waybill/domain";
import type { Row } from "@waybill/store";
import { AttemptCost, DecisionRecord, type DecisionWithCost, FilterFindings } from "@waybill/wire";

/** What is read of ledger.entry_whole. */
export const ATTEMPT_COLUMNS = `sequence, outcome, cost_usd::text AS cost_usd, input_tokens, cached_input_tokens,
  output_tokens, reasoning_tokens, cache_write_5m_tokens, cache_write_1h_tokens, error_code,
  provider AS booked_provider, model AS booked_model, provider_account, token_source, first_token_ms, duration_ms, finish_reason,
  provider_status, suspect, upstream_model, source, price_version`;

export function toDecision(row: Row): DecisionWithCost {
  const found: FilterFindings[] = row.found ?? [];
  return {
    record: DecisionRecord.decode(row.record),
    cost: toCost(row),
    answerFindings: found.map((findings) => FilterFindings.fromPartial(findings)),
  };
}

/** Undefined: nothing is on the books yet. A cost that is unknown is unknown, not zero. */
export function toCost(row: Row): AttemptCost | undefined {
  if (row.sequence === null) return undefined;
  const isKnown = row.cost_usd !== null;
  return AttemptCost.create({
    attemptId: `${row.request_id}.${row.attempt}`,
    outcome: row.outcome,
    costPicoUsd: isKnown ? parseUsd(row.cost_usd).toString() : "",
    costKnown: isKnown,
    inputTokens: BigInt(row.input_tokens),
    cachedInputTokens: BigInt(row.cached_input_tokens),
    outputTokens: BigInt(row.output_tokens),
    reasoningOutputTokens: BigInt(row.reasoning_tokens),
    cacheWrite5mTokens: BigInt(row.cache_write_5m_tokens),
    cacheWrite1hTokens: BigInt(row.cache_write_1h_tokens),
    errorCode: row.error_code ?? "",
    provider: row.booked_provider,
    model: row.booked_model,
    account: row.provider_account ?? "",
    tokenSource: row.token_source,
    firstTokenMs: BigInt(row.first_token_ms ?? 0),
    durationMs: BigInt(row.duration_ms ?? 0),
    finishReason: row.finish_reason ?? "",
    providerStatus: Number(row.provider_status ?? 0),
    suspect: row.suspect,
    upstreamModel: row.upstream_model ?? "",
    source: row.source,
    priceVersion: row.price_version ?? "",
  });
}
