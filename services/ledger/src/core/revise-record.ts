// What a record of an attempt becomes when its price arrives, or turns out to be another: the same facts at the price that was in force
// when the request came.
import { type PriceEntry, priceInForce } from "@waybill/catalog";
import { costOf, minPicoUsd, PICO_USD_INT64_MAX, type Price, type RecordSourceName, recordId } from "@waybill/domain";
import { AttemptOutcome, TokenSource, toWirePrice, type UsageRecord } from "@waybill/wire";

/** An attempt as it stands on the books, as the record that would say the same. */
export interface StandingAttempt {
  record: UsageRecord;
  source: RecordSourceName;
  /** Unix milliseconds inside the request id. */
  requestedAtMs: number;
}

export type RevisionCause = "price_arrived" | "price_corrected";

/**
 * `no_price`: the catalogue has none for this model. `not_in_force`: every price it has begins after the request.
 * `no_tokens`: nobody knows how much was used, so no price tells what it cost.
 * `kept`: it costs what it did. `by_hold`: it is booked with what was held for it, which no price changes.
 */
export type NoRevision = "no_price" | "not_in_force" | "no_tokens" | "kept" | "by_hold";

/** Budgets know an attempt's holds for some days longer than USAGE keeps its records; beyond this a revision is for the books alone. */
export const BUDGETS_KNOW_MS = 30 * 86_400_000;

/** The revised record, or why there is none. `prices` in the order in which they hold. */
export function reviseRecord(
  { record, source, requestedAtMs }: StandingAttempt,
  prices: readonly PriceEntry[],
  nowMs: number,
): UsageRecord | NoRevision {
  if (prices.length === 0) return "no_price";
  const price = priceInForce(prices, requestedAtMs);
  if (!price) return "not_in_force";
  if (record.outcome === AttemptOutcome.FAILED_FREE) return "kept";
  if (record.costKnown && record.tokenSource === TokenSource.WORST_CASE) return "by_hold";
  if (!record.usage || record.tokenSource === TokenSource.NONE) return record.costKnown ? "kept" : "no_tokens";
  const costPicoUsd = minPicoUsd(costOf(record.usage, price), PICO_USD_INT64_MAX);
  if (record.costKnown && record.costPicoUsd === costPicoUsd && record.price?.version === price.version) return "kept";
  const revision = record.revision + 1;
  return {
    ...record,
    recordId: recordId(record.attemptId, source, revision),
    revision,
    price: toWirePrice(price),
    costPicoUsd,
    costKnown: true,
    evidenceJson: withRevision(record, price),
    holds: nowMs - requestedAtMs < BUDGETS_KNOW_MS ? record.holds : [],
    recordedAtMs: BigInt(Math.floor(nowMs)),
  };
}

/** What it cost before, beside what else is known of it. */
function withRevision({ evidenceJson, costKnown, costPicoUsd, price }: UsageRecord, now: Price): string {
  const before = costKnown ? { pico_usd: String(costPicoUsd), price: price?.version ?? null } : null;
  const known: unknown = evidenceJson === "" ? {} : JSON.parse(evidenceJson);
  const isObject = typeof known === "object" && known !== null && !Array.isArray(known);
  return JSON.stringify({ ...(isObject ? known : { known }), revised: { before, price: now.version } });
}
