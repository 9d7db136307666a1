// What entries add to the sums by hour, and the sums as the database takes them.
import { formatUsd, parseUsd } from "@waybill/domain";
import type { Client, Row } from "@waybill/store";
import type { HourSum, HourSums } from "../core/hour-sums.ts";
import { requestMonth } from "../core/months.ts";
import type { EntryRow } from "./entry-columns.ts";

const HOUR_MS = 3_600_000;

export function addEntry(sums: HourSums, { fact, accountingMonth, dimensions }: EntryRow): void {
  const sum = sums.of({
    requestMonth: requestMonth(fact),
    accountingMonth,
    hour: Math.floor(fact.requestedAtMs / HOUR_MS),
    attributionId: dimensions.attribution.id,
    routingId: dimensions.routing.id,
    priceId: dimensions.price.id,
    outcome: fact.outcome,
    tokenSource: fact.tokenSource,
  });
  const { tokens } = fact;
  sum.count(1, fact.attempt, fact.priced, fact.suspect);
  sum.inputTokens += tokens.input;
  sum.cachedInputTokens += tokens.cachedInput;
  sum.cacheWrite5mTokens += tokens.cacheWrite5m;
  sum.cacheWrite1hTokens += tokens.cacheWrite1h;
  sum.outputTokens += tokens.output;
  sum.reasoningTokens += tokens.reasoningOutput;
  sum.durationMs += fact.durationMs;
  if (fact.priced) sum.costPicoUsd += fact.costPicoUsd;
}

/** `row`: of MIRROR_ENTRIES, its amounts below zero. */
export function addMirror(sums: HourSums, row: Row): void {
  const sum = sums.of({
    requestMonth: row.request_month,
    accountingMonth: row.accounting_month,
    hour: row.hour,
    attributionId: row.attribution_id,
    routingId: row.routing_id,
    priceId: row.price_id,
    outcome: row.outcome,
    tokenSource: row.token_source,
  });
  sum.count(-1, row.attempt, row.cost_usd !== null, row.suspect);
  sum.inputTokens += BigInt(row.input_tokens);
  sum.cachedInputTokens += BigInt(row.cached_input_tokens);
  sum.cacheWrite5mTokens += BigInt(row.cache_write_5m_tokens);
  sum.cacheWrite1hTokens += BigInt(row.cache_write_1h_tokens);
  sum.outputTokens += BigInt(row.output_tokens);
  sum.reasoningTokens += BigInt(row.reasoning_tokens);
  sum.durationMs -= Number(row.duration_ms);
  if (row.cost_usd !== null) sum.costPicoUsd += parseUsd(row.cost_usd);
}

/** Adds them to the roll-ups; the caller holds the lock of those who book. */
export async function writeSums(client: Client, sums: HourSums): Promise<void> {
  const rows = sums.all().map(toRow);
  if (rows.length > 0) await client.query({ name: "ledger-add-sums", text: ADD_SUMS, values: [JSON.stringify(rows)] });
}

const ADD_SUMS = "SELECT ledger.add_sums($1)";

function toRow(sum: HourSum): Readonly<Record<string, string | number>> {
  const { key } = sum;
  return {
    request_month: key.requestMonth,
    accounting_month: key.accountingMonth,
    hour: new Date(key.hour * HOUR_MS).toISOString(),
    attribution_id: key.attributionId,
    routing_id: key.routingId,
    price_id: key.priceId,
    outcome: key.outcome,
    token_source: key.tokenSource,
    requests: sum.requests,
    attempts: sum.attempts,
    unpriced_attempts: sum.unpricedAttempts,
    suspect_attempts: sum.suspectAttempts,
    input_tokens: String(sum.inputTokens),
    cached_input_tokens: String(sum.cachedInputTokens),
    cache_write_5m_tokens: String(sum.cacheWrite5mTokens),
    cache_write_1h_tokens: String(sum.cacheWrite1hTokens),
    output_tokens: String(sum.outputTokens),
    reasoning_tokens: String(sum.reasoningTokens),
    duration_ms: sum.durationMs,
    cost_usd: formatUsd(sum.costPicoUsd),
  };
}
