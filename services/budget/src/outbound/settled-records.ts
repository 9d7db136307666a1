// Settled records as they are compared with the ledger's, in the order of their requests; and holds that nobody ended.
import type { Pool } from "@waybill/store";
import type { ListSettledRequest, ListSettledResponse } from "@waybill/wire";

const ROWS_MAX = 5_000;
const OVERDUE_MAX = 1_000;

// By the key; ids of requests are ordered by their time.
const SETTLED = `
  SELECT record_id, split_part(attempt_id, '.', 1) AS request_id, cost_pico_usd::text AS cost_pico_usd, cost_known,
    floor(extract(epoch FROM settled_at) * 1000)::bigint AS settled_at_ms
  FROM budget.settled_record WHERE attempt_id > $1 AND attempt_id < $2 ORDER BY attempt_id, ordinal LIMIT ${ROWS_MAX + 1}`;

// The budget service ends a hold some minutes after its life.
const OVERDUE = `
  SELECT attempt_id, max(floor(extract(epoch FROM expires_at) * 1000)::bigint) AS expired_at_ms
  FROM budget.hold WHERE settled_at IS NULL AND expires_at < budget.clock() - interval '15 minutes'
  GROUP BY attempt_id ORDER BY attempt_id LIMIT ${OVERDUE_MAX}`;

/** Of requests behind `afterRequestId` until `untilRequestId`; a page holds all records of its requests. */
export async function listSettled(
  pool: Pool,
  { afterRequestId, untilRequestId, overdue: wantsOverdue }: ListSettledRequest,
): Promise<ListSettledResponse> {
  // Attempts of a request follow it as "<id>.<n>"; "/" comes behind "." and every digit.
  const { rows } = await pool.query(SETTLED, [`${afterRequestId}/`, `${untilRequestId}/`]);
  const isMore = rows.length > ROWS_MAX;
  const last = rows.at(-1)?.request_id;
  const whole = isMore ? rows.filter(({ request_id }) => request_id !== last) : rows;
  const { rows: overdue } = wantsOverdue ? await pool.query(OVERDUE) : { rows: [] };
  return {
    records: whole.map(({ record_id, cost_pico_usd, cost_known, settled_at_ms }) => ({
      ...{ recordId: record_id, costPicoUsd: cost_pico_usd, costKnown: cost_known, settledAtMs: settled_at_ms },
    })),
    untilRequestId: isMore ? (whole.at(-1)?.request_id ?? "") : "",
    overdueHolds: overdue.map(({ attempt_id, expired_at_ms }) => ({
      ...{ attemptId: attempt_id, expiredAtMs: expired_at_ms },
    })),
  };
}
