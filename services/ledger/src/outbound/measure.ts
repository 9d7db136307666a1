// What operators see of the ledger at /metrics.
import type { Metrics } from "@waybill/service";
import type { BatchReport } from "../ports.ts";
import type { Told } from "../tell-usage.ts";

const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** Returns what to call with the report of every batch. `pending` is read when somebody looks. */
export function measure(metrics: Metrics, pending: () => number, inHand: () => number): (report: BatchReport) => void {
  metrics.gauge("waybill_ledger_usage_lag_records", "Records in USAGE that are not on the books yet", () => {
    const records = pending();
    return Number.isNaN(records) ? [] : records;
  });
  metrics.gauge("waybill_ledger_in_hand_records", "Records pulled and not yet acknowledged", inHand);
  const records = metrics.counter("waybill_ledger_records", "Records booked for the first time");
  const duplicates = metrics.counter("waybill_ledger_duplicate_records", "Records that were on the books already");
  const entries = metrics.counter("waybill_ledger_entries", "Entries added");
  const corrections = metrics.counter("waybill_ledger_corrections", "Standing entries that a better record replaced");
  const unpriced = metrics.counter(
    "waybill_ledger_unpriced_entries",
    "Entries in suspense because the price is unknown",
  );
  const parked = metrics.counter(
    "waybill_ledger_parked_records",
    "Messages parked in DEAD because they cannot be booked",
  );
  const batchSize = metrics.histogram("waybill_ledger_batch_records", "Records per batch", BATCH_BUCKETS);
  const commit = metrics.histogram("waybill_ledger_commit_ms", "Transactions of a batch, begin to commit");
  return (report) => {
    records(report.records);
    duplicates(report.duplicates);
    entries(report.entries);
    corrections(report.corrections);
    unpriced(report.unpriced);
    parked(report.parked);
    batchSize(report.records + report.duplicates + report.parked);
    commit(report.commitMs);
  };
}

/** Returns what to call after every turn at telling the bus; undefined: another ledger was at it. */
export function measureEvents(metrics: Metrics, unixMs: () => number): (told: Told | undefined) => void {
  const events = metrics.counter("waybill_ledger_events", "Entries told on the bus");
  let behindSince: number | undefined;
  metrics.gauge(
    "waybill_ledger_event_lag_seconds",
    "How long ago the last entry that was told was booked, while more wait; 0: all are told; none: another ledger tells",
    () => (behindSince === undefined ? [] : behindSince === 0 ? 0 : Math.max(0, unixMs() - behindSince) / 1_000),
  );
  return (told) => {
    if (told) events(told.events);
    behindSince = told && (told.more ? told.lastPostedAtMs : 0);
  };
}
