// Removes what no message can ask for any more: settled record ids are kept five days longer than USAGE keeps messages.
import type { Pool } from "@waybill/store";
import { STREAMS } from "@waybill/wire";

const DAY_MS = 86_400_000;
const KEEP_MS = STREAMS.usage.maxAgeMs + 5 * DAY_MS;
/** Rows of one table in one statement, so that no lock is held for long. */
const ROWS_MAX = 5_000;
/** Statements in a row for one table, each of about a second at most: the reapers wait for them. The rest is for the next round. */
const STATEMENTS_MAX = 4;

/** Counters of rate limits that are kept. */
const BUCKETS_MAX = 1_000_000;

const OLD = "(SELECT budget.clock() - make_interval(secs => $1))";
/** Each counts what it removed. */
const STATEMENTS = [
  // What is settled has a record, so holds go with their records. What they have posted is kept by window, for `verify`.
  `WITH old AS (
     SELECT ctid FROM budget.settled_record WHERE settled_at < ${OLD} LIMIT ${ROWS_MAX}),
   gone AS (DELETE FROM budget.settled_record WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) RETURNING attempt_id),
   holds AS (
     DELETE FROM budget.hold h USING gone WHERE h.attempt_id = gone.attempt_id AND h.settled_at IS NOT NULL
     RETURNING h.lines),
   kept AS (
     INSERT INTO budget.forgotten_spend AS f (window_id, bucket, posted_pico_usd)
     SELECT w.id, budget.bucket_of(w.starts_at, (line ->> 'from')::float8), sum((line ->> 'posted')::numeric)
     FROM holds CROSS JOIN LATERAL jsonb_array_elements(holds.lines) AS line
     JOIN budget.budget_window w ON w.id = (line ->> 'window')::bigint
     WHERE line ->> 'posted' <> '0' GROUP BY 1, 2 ORDER BY 1, 2
     ON CONFLICT (window_id, bucket) DO UPDATE SET posted_pico_usd = f.posted_pico_usd + excluded.posted_pico_usd)
   SELECT count(*) FROM gone`,
  `WITH gone AS (
     DELETE FROM budget.credit_grant WHERE grant_id IN
       (SELECT grant_id FROM budget.credit_grant
        WHERE cap_pico_usd <= debited_pico_usd AND last_hold_ends_at < ${OLD} LIMIT ${ROWS_MAX})
     RETURNING 1)
   SELECT count(*) FROM gone`,
  // Windows of counters when their grants are gone, and counters when their windows are.
  `SELECT budget.forget_limits(${OLD}, ${ROWS_MAX}) AS count`,
  `SELECT budget.forget_deleted(${OLD}, ${ROWS_MAX}) AS count`,
  `WITH gone AS (
     DELETE FROM budget.forgotten_spend WHERE window_id IN
       (SELECT f.window_id FROM budget.forgotten_spend f
        WHERE NOT EXISTS (SELECT FROM budget.budget_window w WHERE w.id = f.window_id) LIMIT ${ROWS_MAX})
     RETURNING 1)
   SELECT count(*) FROM gone WHERE $1::float8 > 0`,
  // A bucket that is full says no more than one that is not there. Of very many, those filled first go, too, and begin full.
  `WITH old AS (
     (SELECT id FROM budget.rate_bucket WHERE full_at < budget.clock() - make_interval(secs => 60) LIMIT ${ROWS_MAX})
     UNION
     (SELECT id FROM budget.rate_bucket ORDER BY full_at DESC OFFSET ${BUCKETS_MAX} LIMIT ${ROWS_MAX})),
   locked AS (SELECT id FROM budget.rate_bucket WHERE id IN (SELECT id FROM old) FOR UPDATE SKIP LOCKED),
   gone AS (DELETE FROM budget.rate_bucket WHERE id IN (SELECT id FROM locked) RETURNING 1)
   SELECT count(*) FROM gone WHERE $1::float8 > 0`,
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
