// Removes what no message can ask for any more: settled record ids are kept five days longer than USAGE keeps messages.
import type { Pool } from "@waybill/store";
import { STREAMS } from "@waybill/wire";

const DAY_MS = 86_400_000;
const KEEP_MS = STREAMS.usage.maxAgeMs + 5 * DAY_MS;
/** Rows of one table in one statement, so that no lock is held for long. */
const ROWS_MAX = 5_000;
/** Statements in a row for one table, each of about a second at most: the reapers wait for them. The rest is for the next round. */
const STATEMENTS_MAX = 4;

const OLD = "(SELECT budget.clock() - make_interval(secs => $1))";
/** Each counts what it removed. */
const STATEMENTS = [
  // What is settled has a record, so holds go with their records.
  `WITH old AS (
     SELECT ctid FROM budget.settled_record WHERE settled_at < ${OLD} LIMIT ${ROWS_MAX}),
   gone AS (DELETE FROM budget.settled_record WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) RETURNING attempt_id),
   holds AS (DELETE FROM budget.hold h USING gone WHERE h.attempt_id = gone.attempt_id AND h.settled_at IS NOT NULL)
   SELECT count(*) FROM gone`,
  `WITH gone AS (
     DELETE FROM budget.credit_grant WHERE grant_id IN
       (SELECT grant_id FROM budget.credit_grant
        WHERE cap_pico_usd <= debited_pico_usd AND last_hold_ends_at < ${OLD} LIMIT ${ROWS_MAX})
     RETURNING 1)
   SELECT count(*) FROM gone`,
  // Windows of counters when their grants are gone, and counters when their windows are.
  `SELECT budget.forget_limits(${OLD}, ${ROWS_MAX}) AS count`,
];

/** One round over every table; true when there is more than that. */
export async function forgetSettled(pool: Pool): Promise<boolean> {
  let isMore = false;
  for (const statement of STATEMENTS) {
    let left = STATEMENTS_MAX;
    while (left > 0 && (await removed(pool, statement)) > 0n) left -= 1;
    isMore ||= left === 0;
  }
  return isMore;
}

async function removed(pool: Pool, statement: string): Promise<bigint> {
  const { rows } = await pool.query<{ count: bigint }>(statement, [KEEP_MS / 1000]);
  return rows[0]?.count ?? 0n;
}
