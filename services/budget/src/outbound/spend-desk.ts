// What the watch reads of Postgres: what was spent since the last look, how fast, and by which sessions. The lock of one row makes
// processes take turns.
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import type { Watched } from "../core/alert.ts";
import { RUNAWAY_CALLS, RUNAWAY_MINUTES, type SessionTrail } from "../core/judge-spend.ts";
import { age } from "../core/rolling.ts";
import type { SpendDesk } from "../watch-spend.ts";
import { raiseAlerts } from "./raise-alerts.ts";
import { rollingOf } from "./read-books.ts";
import { spendOf } from "./spend-rows.ts";

/** A transaction may commit a little after the minute it was written for. */
const MINUTES_AGAIN = 2;
/** In one look; the rest have their turn while they go on spending. */
const WINDOWS_MAX = 10_000;
const SESSIONS_MAX = 1_000;

const TAKE = `
  SELECT looked_minute, (extract(epoch FROM budget.clock()) * 1000)::float8 AS now_ms
  FROM budget.alert_watch FOR UPDATE SKIP LOCKED`;
const LOOKED = "UPDATE budget.alert_watch SET looked_minute = $1 WHERE looked_minute <> $1";

const TOUCHED = `
  WITH touched AS (SELECT DISTINCT budget_id, window_id FROM budget.spend WHERE minute >= $1)
  SELECT b.id, b.template_value, r.name, r.organisation_id, r.unit, r.alert_percents, w.id AS window_id,
    (extract(epoch FROM w.starts_at) * 1000)::float8 AS starts_at_ms, (extract(epoch FROM w.ends_at) * 1000)::float8 AS ends_at_ms,
    w.limit_pico_usd + w.carried_in_pico_usd + CASE WHEN r.raise_until > budget.clock() THEN r.raise_by ELSE 0 END AS limit_now,
    w.posted_pico_usd, w.bucket_first, w.buckets::text[] AS buckets
  FROM touched t JOIN budget.budget_window w ON w.id = t.window_id JOIN budget.budget b ON b.id = t.budget_id
  JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  WHERE r.origin = 'admin' LIMIT ${WINDOWS_MAX}`;

// Attempt ids begin with their time, so their order is that of the calls.
const SESSIONS = `
  WITH calls AS (
    SELECT *, lag(input_tokens) OVER session AS tokens_before FROM budget.session_call
    WHERE called_at > budget.clock() - make_interval(mins => ${RUNAWAY_MINUTES})
    WINDOW session AS (PARTITION BY organisation_id, session ORDER BY attempt_id)),
  trails AS (
    SELECT organisation_id, session, max(key_id) AS key_id, count(*)::int AS calls,
      (count(*) FILTER (WHERE input_tokens > tokens_before))::int AS grown,
      (array_agg(input_tokens ORDER BY attempt_id))[1]::float8 AS tokens_first,
      (array_agg(input_tokens ORDER BY attempt_id DESC))[1]::float8 AS tokens_last
    FROM calls GROUP BY organisation_id, session HAVING count(*) >= ${RUNAWAY_CALLS} LIMIT ${SESSIONS_MAX}),
  spent AS (
    SELECT c.organisation_id, c.session, b.budget_id, sum(c.cost_pico_usd) AS cost
    FROM calls c JOIN trails USING (organisation_id, session), unnest(c.budget_ids) AS b (budget_id)
    GROUP BY c.organisation_id, c.session, b.budget_id)
  SELECT DISTINCT ON (t.organisation_id, t.session) t.*, s.cost, b.id AS budget_id, r.name AS budget_name, b.template_value,
    r.limit_pico_usd
  FROM trails t JOIN spent s USING (organisation_id, session) JOIN budget.budget b ON b.id = s.budget_id
  JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  WHERE r.origin = 'admin' AND r.unit = 'usd' AND r.limit_pico_usd > 0
  ORDER BY t.organisation_id, t.session, s.cost / r.limit_pico_usd DESC`;

export function spendDesk(pool: Pool): SpendDesk {
  return {
    alone: (work) =>
      transact(pool, async (client) => {
        const [turn] = (await client.query<Row>(TAKE)).rows;
        if (!turn) return undefined;
        const nowMs = turn.now_ms as number;
        const done = await work({
          nowMs,
          touched: () => readTouched(client, Number(turn.looked_minute) - MINUTES_AGAIN, nowMs),
          spendOf: (budgetIds) => spendOf(client, budgetIds),
          sessions: async () => (await client.query<Row>(SESSIONS)).rows.map(toTrail),
          raise: (alerts) => raiseAlerts(client, alerts),
        });
        await client.query(LOOKED, [Math.floor(nowMs / 60_000)]);
        return done;
      }),
  };
}

async function readTouched(client: Client, sinceMinute: number, nowMs: number): Promise<Watched[]> {
  const { rows } = await client.query<Row>({ name: "touched-windows", text: TOUCHED, values: [sinceMinute] });
  return rows.map((row) => {
    const rolling = rollingOf(row.starts_at_ms, row);
    return {
      budgetId: row.id,
      budgetName: row.name,
      organisationId: row.organisation_id,
      value: row.template_value,
      unit: row.unit,
      windowId: row.window_id,
      windowStartsAtMs: rolling ? undefined : row.starts_at_ms,
      windowEndsAtMs: row.ends_at_ms ?? undefined,
      rollingMs: rolling ? -row.starts_at_ms : undefined,
      limit: BigInt(row.limit_now),
      posted: BigInt(row.posted_pico_usd) - (rolling ? age(rolling, nowMs) : 0n),
      alertPercents: row.alert_percents,
    };
  });
}

function toTrail(row: Row): SessionTrail {
  return {
    organisationId: row.organisation_id,
    session: row.session,
    keyId: row.key_id,
    calls: row.calls,
    grown: row.grown,
    inputTokensFirst: row.tokens_first,
    inputTokensLast: row.tokens_last,
    costPicoUsd: BigInt(row.cost),
    budgetId: row.budget_id,
    budgetName: row.budget_name,
    value: row.template_value,
    limitPicoUsd: BigInt(row.limit_pico_usd),
  };
}
