// Records on the books, by the time of their requests.
import { parseUsd } from "@waybill/domain";
import type { Pool } from "@waybill/store";
import type { ComparedRecord } from "../core/compare-settled.ts";

// Both bounds of the key: each month's partition is read by its own part of the range.
const RECORDS = `
  SELECT r.request_id || '.' || r.attempt || ':' || r.source AS record_id, r.cost_usd::text AS cost_usd,
    floor(extract(epoch FROM r.received_at) * 1000)::float8 AS since_ms
  FROM ledger.usage_record r
  WHERE r.request_month >= $1 AND r.request_month <= $2 AND r.request_id > $3 AND r.request_id <= $4`;

export interface RecordRange {
  /** First days of months, "2026-11-01". */
  fromMonth: string;
  untilMonth: string;
  /** No part of it. */
  afterRequestId: string;
  /** The last of it. */
  untilRequestId: string;
}

export async function recordsBetween(pool: Pool, range: RecordRange): Promise<ComparedRecord[]> {
  const { rows } = await pool.query(RECORDS, [
    ...[range.fromMonth, range.untilMonth, range.afterRequestId, range.untilRequestId],
  ]);
  return rows.map(({ record_id, cost_usd, since_ms }) => ({
    recordId: record_id,
    costPicoUsd: cost_usd === null ? undefined : parseUsd(cost_usd),
    sinceMs: since_ms,
  }));
}
