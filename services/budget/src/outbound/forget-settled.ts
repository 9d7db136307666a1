// Removes what no message can ask for any more: settled record ids are kept five days longer than USAGE keeps messages.
import type { Pool } from "@waybill/store";
import { STREAMS } from "@waybill/wire";

const DAY_MS = 86_400_000;
const KEEP_MS = STREAMS.usage.maxAgeMs + 5 * DAY_MS;
/** Rows of one table in one statement, so that no lock is held for long. */
const ROUND_MAX = 5_000;

const OLD = "(SELECT budget.clock() - make_interval(secs => $1))";
const STATEMENTS = [
  // What is settled has a record, so holds go with their records.
  `WITH old AS (
     SELECT ctid FROM budget.settled_record WHERE settled_at < ${OLD} LIMIT ${ROUND_MAX}),
   gone AS (DELETE FROM budget.settled_record WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) RETURNING attempt_id)
   DELETE FROM budget.hold h USING gone WHERE h.attempt_id = gone.attempt_id AND h.settled_at IS NOT NULL`,
  `DELETE FROM budget.credit_grant WHERE grant_id IN
     (SELECT grant_id FROM budget.credit_grant
      WHERE cap_pico_usd <= debited_pico_usd AND last_hold_ends_at < ${OLD} LIMIT ${ROUND_MAX})`,
];

/** One round over every table; returns how many rows went. */
export async function forgetSettled(pool: Pool): Promise<number> {
  let forgotten = 0;
  for (const statement of STATEMENTS) {
    const { rowCount } = await pool.query(statement, [KEEP_MS / 1000]);
    forgotten += rowCount ?? 0;
  }
  // As long as a hold can name a counter's window, the window stays.
  const { rows } = await pool.query<{ count: bigint }>(
    `SELECT budget.forget_limits(budget.clock() - make_interval(secs => $1), ${ROUND_MAX}) AS count`,
    [KEEP_MS / 1000],
  );
  return forgotten + Number(rows[0]?.count ?? 0n);
}
