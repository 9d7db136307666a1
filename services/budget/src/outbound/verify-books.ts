// Recomputes every window from the rows that settlement itself keeps: held from open holds, granted from grants, posted from what each
// hold's lines carry and what forgotten ones did, and each attempt's lines from its settled records. All in one snapshot, which locks
// nothing; what is read passes through row by row.
import { type RecordSourceName, revisionOf } from "@waybill/domain";
import type { Client, Pool, Row } from "@waybill/store";
import {
  checkAttempt,
  checkWindow,
  type Difference,
  type PostedAttempt,
  type WindowSums,
} from "../core/check-books.ts";

export interface Verified {
  windows: number;
  /** Attempts with records whose holds are still there. */
  attempts: number;
  /** The first DIFFERENCES_MAX. */
  differences: Difference[];
  differenceCount: number;
}

const DIFFERENCES_MAX = 1_000;
const ROWS_AT_ONCE = 5_000;
/**
 * The pool's connections look rows up by index, as requests need it. Here everything is read whole: without these the time would grow
 * with the square of what there is. The lines of a hold are unfolded for each hold all the same.
 */
const PLANS = [
  "enable_seqscan = on",
  "enable_hashjoin = on",
  "enable_mergejoin = on",
  "enable_nestloop = off",
  "cursor_tuple_fraction = 1",
];
/** A snapshot that stays open keeps Postgres from tidying up. */
const STATEMENT_TIMEOUT_MS = 120_000;

/** Of a deleted budget, too: records still settle on its windows. */
const WANTED = `
  SELECT w.*, b.unit FROM budget.budget_window w JOIN budget.budget b ON b.id = w.budget_id
  WHERE ($1 = '' OR b.organisation_id = $1) AND ($2 = '' OR b.id = $2)`;

const LINES = `
  SELECT h.attempt_id, h.settled_at IS NULL AS is_open, (line ->> 'window')::bigint AS window_id,
    (line ->> 'amount')::numeric AS amount, (line ->> 'posted')::numeric AS posted, (line ->> 'from')::float8 AS counts_from_ms
  FROM budget.hold h CROSS JOIN LATERAL jsonb_array_elements(h.lines) AS line`;

const WINDOWS = `
  WITH wanted AS MATERIALIZED (${WANTED}),
  lines AS (
    SELECT w.id, sum(l.amount) FILTER (WHERE l.is_open) AS held,
      sum(l.posted) FILTER (WHERE budget.bucket_of(w.starts_at, l.counts_from_ms) >= w.bucket_first) AS posted
    FROM (${LINES}) l JOIN wanted w ON w.id = l.window_id GROUP BY w.id),
  forgotten AS (
    SELECT w.id, sum(f.posted_pico_usd) AS posted
    FROM budget.forgotten_spend f JOIN wanted w ON w.id = f.window_id WHERE f.bucket >= w.bucket_first GROUP BY w.id),
  grants AS (
    SELECT w.id, sum(greatest(0, g.cap_pico_usd - g.debited_pico_usd)) AS granted
    FROM budget.credit_grant g JOIN wanted w ON w.id = g.window_id GROUP BY w.id)
  SELECT w.id AS window_id, w.budget_id, w.unit, (extract(epoch FROM w.starts_at) * 1000)::float8 AS starts_at_ms,
    w.posted_pico_usd AS posted, coalesce(l.posted, 0) + coalesce(f.posted, 0) AS expected_posted,
    w.held_pico_usd AS held, coalesce(l.held, 0) AS expected_held,
    w.granted_pico_usd AS granted, coalesce(g.granted, 0) AS expected_granted
  FROM wanted w LEFT JOIN lines l USING (id) LEFT JOIN forgotten f USING (id) LEFT JOIN grants g USING (id)
  ORDER BY w.budget_id, w.id`;

const ATTEMPTS = `
  WITH wanted AS MATERIALIZED (${WANTED}),
  posted AS (
    SELECT l.attempt_id, w.id, w.budget_id, w.unit, w.starts_at, sum(l.posted) AS posted, bool_and(l.is_open) AS is_open
    FROM (${LINES}) l JOIN wanted w ON w.id = l.window_id GROUP BY 1, 2, 3, 4, 5),
  windows AS (
    SELECT attempt_id, bool_and(is_open) AS is_open, jsonb_agg(jsonb_build_object('budget', budget_id, 'window', id::text, 'unit', unit,
      'starts', (extract(epoch FROM starts_at) * 1000)::float8, 'posted', posted::text)) AS windows
    FROM posted GROUP BY attempt_id),
  records AS (
    SELECT attempt_id, jsonb_agg(jsonb_build_object(
      'source', source, 'record', record_id, 'outcome', outcome, 'cost', cost_pico_usd::text, 'tokens', tokens::text) ORDER BY ordinal) AS records
    FROM budget.settled_record GROUP BY attempt_id)
  SELECT p.attempt_id, p.windows, coalesce(r.records, '[]') AS records
  FROM windows p LEFT JOIN records r USING (attempt_id)`;

/** Both empty: everything. */
export async function verifyBooks(
  pool: Pool,
  { organisationId, budgetId }: { organisationId: string; budgetId: string },
): Promise<Verified> {
  const verified: Verified = { windows: 0, attempts: 0, differences: [], differenceCount: 0 };
  const report = (differences: readonly Difference[]): void => {
    verified.differenceCount += differences.length;
    verified.differences.push(...differences.slice(0, DIFFERENCES_MAX - verified.differences.length));
  };
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    for (const setting of PLANS) await client.query(`SET LOCAL ${setting}`);
    await client.query(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    await readAll(client, WINDOWS, [organisationId, budgetId], (row) => {
      verified.windows += 1;
      report(checkWindow(toSums(row)));
    });
    // An attempt is judged whole, also where one of its budgets is asked for.
    await readAll(client, ATTEMPTS, [organisationId, ""], (row) => {
      const attempt = toAttempt(row);
      const isMeant = (of: { budgetId: string }): boolean => budgetId === "" || of.budgetId === budgetId;
      if (!attempt.windows.some(isMeant)) return;
      if (attempt.records.length > 0) verified.attempts += 1;
      report(checkAttempt(attempt).filter(isMeant));
    });
    await client.query("COMMIT");
    return verified;
  } catch (error) {
    await client.query("ROLLBACK").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** By a cursor, so that no answer is ever whole in memory. */
async function readAll(client: Client, text: string, values: unknown[], onRow: (row: Row) => void): Promise<void> {
  await client.query(`DECLARE verified NO SCROLL CURSOR FOR ${text}`, values);
  for (;;) {
    const { rows } = await client.query<Row>(`FETCH ${ROWS_AT_ONCE} FROM verified`);
    rows.forEach(onRow);
    if (rows.length === 0) break;
  }
  await client.query("CLOSE verified");
}

function toSums(row: Row): WindowSums {
  const sum = (name: string) => ({ found: BigInt(row[name]), expected: BigInt(row[`expected_${name}`]) });
  return {
    budgetId: row.budget_id,
    windowId: row.window_id,
    startsAtMs: row.starts_at_ms,
    unit: row.unit,
    posted: sum("posted"),
    held: sum("held"),
    granted: sum("granted"),
  };
}

interface StoredRecord {
  record: string;
  source: RecordSourceName;
  outcome: string;
  cost: string;
  tokens: string | null;
}

interface StoredWindow {
  budget: string;
  window: string;
  unit: WindowSums["unit"];
  starts: number;
  posted: string;
}

function toAttempt(row: Row): PostedAttempt {
  return {
    attemptId: row.attempt_id,
    records: (row.records as StoredRecord[]).map(({ source, record, outcome, cost, tokens }) => ({
      revision: revisionOf(record),
      ...{ source, outcome, costPicoUsd: BigInt(cost), tokens: tokens === null ? undefined : BigInt(tokens) },
    })),
    windows: (row.windows as StoredWindow[]).map(({ budget, window, unit, starts, posted }) => ({
      budgetId: budget,
      windowId: BigInt(window),
      unit,
      startsAtMs: starts,
      posted: BigInt(posted),
    })),
  };
}
