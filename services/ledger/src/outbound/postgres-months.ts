// The months of the books in Postgres: what is booked in each, closing, looking for what is wrong, making sums anew.
import { formatUsd, parseUsd } from "@waybill/domain";
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import { BooksMonth, BooksProblem } from "@waybill/wire";
import type { CloseMonthPorts } from "../close-month.ts";
import { type MonthSums, monthText } from "../core/close-rules.ts";
import type { Checkpoints } from "./postgres-checkpoints.ts";

// What is late belongs to requests of another month; the sums of a month are those of its days, whenever they were. $1: of one
// organisation, or of all; $2: only of months behind this one. Months that are closed are there in any case.
const MONTHS = `
  WITH of_requests AS (
    SELECT accounting_month AS month, request_month, sum(requests) AS requests, sum(attempts) AS attempts,
      sum(unpriced_attempts) AS unpriced_attempts, sum(cost_usd) AS cost_usd
    FROM ledger.usage_day d
    WHERE ($1 = '' OR EXISTS (SELECT FROM ledger.attribution a WHERE a.id = d.attribution_id AND a.organisation_id = $1))
      AND ($2::date IS NULL OR accounting_month > $2)
    GROUP BY accounting_month, request_month
  ), booked AS (
    SELECT month, sum(requests) AS requests, sum(attempts) AS attempts, sum(unpriced_attempts) AS unpriced_attempts,
      sum(greatest(unpriced_attempts, 0)) AS waiting_attempts, sum(cost_usd) AS cost_usd,
      coalesce(sum(attempts) FILTER (WHERE request_month < month), 0) AS late_attempts,
      coalesce(sum(cost_usd) FILTER (WHERE request_month < month), 0) AS late_cost_usd
    FROM of_requests GROUP BY month)
  SELECT to_char(coalesce(b.month, c.month), 'YYYY-MM-DD') AS month,
    coalesce(floor(extract(epoch FROM c.closed_at) * 1000)::bigint, 0) AS closed_at_ms, coalesce(c.closed_by, '') AS closed_by,
    coalesce(b.requests, 0)::bigint AS requests, coalesce(b.attempts, 0)::bigint AS attempts,
    coalesce(b.unpriced_attempts, 0)::bigint AS unpriced_attempts, coalesce(b.waiting_attempts, 0)::bigint AS waiting_attempts,
    coalesce(b.cost_usd, 0)::text AS cost_usd,
    coalesce(b.late_attempts, 0)::bigint AS late_attempts, coalesce(b.late_cost_usd, 0)::text AS late_cost_usd,
    m.dropped_at IS NOT NULL AS dropped
  FROM booked b FULL JOIN ledger.closed_month c ON c.month = b.month
  LEFT JOIN ledger.month m ON m.month = coalesce(b.month, c.month) ORDER BY 1`;

// Closed months also after their entries are dropped: their sums must stay what they were.
const MONTHS_TO_VERIFY = `
  SELECT to_char(m.month, 'YYYY-MM-DD') AS month, (SELECT count(*) FROM ledger.entry e WHERE e.request_month = m.month) AS entries
  FROM (SELECT month FROM ledger.month WHERE dropped_at IS NULL UNION SELECT month FROM ledger.closed_month) m
  WHERE $1::date IS NULL OR m.month = $1 ORDER BY 1`;

const PROBLEMS_MAX = 1_000;
/** One after the other, so that no statement has to do all of them. */
const RULES = ["M1", "M7", "M8", "M9", "M16"];
const PROBLEMS = `
  SELECT rule, problem, to_char(request_month, 'YYYY-MM') AS month, request_id || '.' || attempt AS attempt_id, detail,
    count(*) OVER () AS found
  FROM ledger.problem WHERE request_month = $1 AND rule = $2 LIMIT ${PROBLEMS_MAX}`;

interface Verified {
  problems: BooksProblem[];
  problemCount: bigint;
  entries: bigint;
  checkedMonths: bigint;
}

export interface PostgresMonths extends CloseMonthPorts {
  /** The latest first; sums of one organisation, or of all (""). */
  list(organisationId: string): Promise<BooksMonth[]>;
  /** Of one month, "2026-11-01", or of all that are there; one after the other, so that no statement takes them all. */
  verify(month: string | undefined): Promise<Verified>;
  /** False: the entries of that month are not there. */
  rebuildSums(month: string): Promise<boolean>;
}

export function postgresMonths(pool: Pool, checkpoints: Pick<Checkpoints, "verify">): PostgresMonths {
  return {
    async list(organisationId) {
      const { rows } = await pool.query(MONTHS, [organisationId, null]);
      return rows.map(toBooksMonth).reverse();
    },
    whileNobodyBooks: (work) =>
      transact(pool, async (client) => {
        const { rows: locked } = await client.query<{ closed: string | null }>(
          "SELECT ledger.begin_booking()::text AS closed",
        );
        const { rows: now } = await client.query<{ month: string }>(
          "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-01') AS month",
        );
        const { rows } = await client.query(MONTHS, ["", locked[0]?.closed ?? null]);
        const close = (month: MonthSums, by: string, reason: string) => addClosed(client, month, by, reason);
        return work({ currentMonth: now[0]?.month ?? "", months: rows.map(toSums), close });
      }),
    verify: (month) => verify(pool, checkpoints, month),
    async rebuildSums(month) {
      const { rowCount } = await pool.query("SELECT FROM ledger.month WHERE month = $1 AND dropped_at IS NULL", [
        month,
      ]);
      if (rowCount === 0) return false;
      await pool.query("SELECT ledger.rebuild_roll_ups($1)", [month]);
      return true;
    },
  };
}

async function verify(
  pool: Pool,
  checkpoints: Pick<Checkpoints, "verify">,
  month: string | undefined,
): Promise<Verified> {
  const { rows: all } = await pool.query<{ month: string; entries: bigint }>(MONTHS_TO_VERIFY, [month ?? null]);
  const verified: Verified = { problems: [], problemCount: 0n, entries: 0n, checkedMonths: BigInt(all.length) };
  const add = (found: BooksProblem[], count: bigint): void => {
    verified.problemCount += count;
    verified.problems.push(...found.slice(0, PROBLEMS_MAX - verified.problems.length));
  };
  for (const one of all) {
    verified.entries += one.entries;
    for (const rule of RULES) {
      const { rows } = await pool.query(PROBLEMS, [one.month, rule]);
      add(rows.map(toProblem), rows[0]?.found ?? 0n);
    }
    const broken = await checkpoints.verify(one.month);
    add(broken, BigInt(broken.length));
  }
  return verified;
}

async function addClosed(client: Client, sums: MonthSums, by: string, reason: string): Promise<void> {
  const { month, requests, attempts, unpricedAttempts, costPicoUsd } = sums;
  await client.query(
    `INSERT INTO ledger.closed_month (month, closed_by, reason, requests, attempts, unpriced_attempts, cost_usd)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [month, by, reason, requests, attempts, unpricedAttempts, formatUsd(costPicoUsd)],
  );
}

function toSums(row: Row): MonthSums {
  return {
    month: row.month,
    isClosed: row.closed_at_ms > 0n,
    requests: row.requests,
    attempts: row.attempts,
    unpricedAttempts: row.unpriced_attempts,
    waitingAttempts: row.waiting_attempts,
    costPicoUsd: parseUsd(row.cost_usd),
  };
}

function toBooksMonth(row: Row): BooksMonth {
  return BooksMonth.create({
    month: monthText(row.month),
    closedAtMs: row.closed_at_ms,
    closedBy: row.closed_by,
    requests: row.requests,
    attempts: row.attempts,
    unpricedAttempts: row.unpriced_attempts,
    costPicoUsd: parseUsd(row.cost_usd).toString(),
    lateAttempts: row.late_attempts,
    lateCostPicoUsd: parseUsd(row.late_cost_usd).toString(),
    dropped: row.dropped,
  });
}

function toProblem({ rule, problem, month, attempt_id, detail }: Row): BooksProblem {
  return BooksProblem.create({ rule, problem, month, attemptId: attempt_id ?? "", detail });
}
