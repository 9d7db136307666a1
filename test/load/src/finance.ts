// How long finance's views of a month take over many entries, and that none of them reads entries.
//   node --conditions=source --import tsx test/load/src/finance.ts [--rows 5000000]
import { parseArgs } from "node:util";
import { type Client, connectOnce } from "@waybill/store";
import { loadBooks, MODELS, MONTH, TEAMS } from "./parts/load-books.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "5000000" } } });
const rows = Number(values.rows);
const TARGET_MS = 2_000;

const VIEWS: Readonly<Record<string, string>> = {
  cost_by_day: `SELECT team, model, sum(cost_usd) FROM finance.cost_by_day WHERE accounting_month = '${MONTH}' GROUP BY 1, 2`,
  month_statement: `SELECT * FROM finance.month_statement WHERE accounting_month = '${MONTH}'`,
  unallocated: `SELECT * FROM finance.unallocated WHERE accounting_month = '${MONTH}'`,
  wasted: `SELECT * FROM finance.wasted WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
  unit_cost: `SELECT * FROM finance.unit_cost WHERE accounting_month = '${MONTH}'`,
  top_movers: "SELECT * FROM finance.top_movers",
  cache_use: `SELECT * FROM finance.cache_use WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
  focus_1_4: `SELECT "SkuId", sum("BilledCost") FROM finance.focus_1_4 WHERE "BillingPeriodStart" = '2026-10-01Z' GROUP BY 1`,
  savings: `SELECT team, model, sum(saved_usd) FROM finance.savings WHERE accounting_month = '${MONTH}' GROUP BY 1, 2`,
  savings_statement: `SELECT * FROM finance.savings_statement WHERE accounting_month = '${MONTH}'`,
  budget_against_actual: "SELECT * FROM finance.budget_against_actual",
  cost_by_team_day: `SELECT * FROM finance.cost_by_team_day WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
  cost_by_account_day: `SELECT * FROM finance.cost_by_account_day WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
};

await using books = await loadBooks("finance", rows);
await declareBaselines(books.owner);
await addBudgets(books.owner);
await books.owner.query("ANALYZE");
const finance = await connectOnce(books.urlOf("finance_reader"), "finance");
for (const [view, sql] of Object.entries(VIEWS)) {
  const plan = await finance.query(`EXPLAIN ${sql}`);
  const readsEntries = plan.rows.some((row) => /\bon entry/.test(Object.values(row).join(" ")));
  const startedAtMs = performance.now();
  const { rowCount } = await finance.query(sql);
  const tookMs = performance.now() - startedAtMs;
  const verdict = tookMs <= TARGET_MS && !readsEntries ? "met" : "MISSED";
  const reads = readsEntries ? "reads entries" : "reads sums only";
  console.log(
    `  finance.${view}: ${Math.round(tookMs)} ms, ${rowCount} rows, ${reads} (≤ ${TARGET_MS} ms: ${verdict})`,
  );
}
await finance.end();

/** For the month: of everyone, of each team, of each of 400 users, and of some in a time zone that begins its days within ours. */
async function addBudgets(client: Client): Promise<void> {
  await client.query("INSERT INTO accounts.organisation (id, name) VALUES ('acme', 'Acme')");
  await client.query(`
    INSERT INTO budget.budget (id, name, organisation_id, team_id, user_id, limit_pico_usd, window_kind)
    SELECT 'all', 'All', 'acme', '', '', 1e16, 'month'
    UNION ALL SELECT 'team-' || t, 'Team', 'acme', 'team-' || t, '', 1e16, 'month' FROM generate_series(0, ${TEAMS - 1}) AS t
    UNION ALL SELECT 'zone-' || t, 'Zone', 'acme', 'team-' || t, '', 1e16, 'month' FROM generate_series(0, ${TEAMS - 1}) AS t
    UNION ALL SELECT 'user-' || u, 'User', 'acme', '', 'user-' || u, 1e16, 'month' FROM generate_series(0, 399) AS u`);
  await client.query(`
    INSERT INTO budget.budget_window (budget_id, starts_at, ends_at, limit_pico_usd)
    SELECT id, '2026-10-01Z'::timestamptz + s, '2026-11-01Z'::timestamptz + s, limit_pico_usd
    FROM budget.budget CROSS JOIN LATERAL (SELECT CASE WHEN id LIKE 'zone%' THEN interval '5 hours' ELSE interval '0' END AS s) z`);
}

/** For all routes one model with two tiers, and for the one that is used the costliest of all models. */
async function declareBaselines(client: Client): Promise<void> {
  await client.query(`
    WITH declared AS (
      INSERT INTO ledger.baseline (organisation_id, route, version, kind, model, from_day, route_version, unpriced_models, declared_by, reason)
      VALUES ('acme', '', 1, 'model', 'openai/model-0', '2026-01-01', NULL, '{}', 'load', 'load'),
        ('acme', 'support', 1, 'costliest_candidate', '', '2026-01-01', 3, '{}', 'load', 'load')
      RETURNING id, kind)
    INSERT INTO ledger.baseline_rate
    SELECT id, 'openai/model-' || m, '-infinity', 'infinity', tier * 200000, CASE tier WHEN 0 THEN 200000 END, 'v1',
      4 + m, 1, 5 + m, 8 + m, 16 - m, 16 - m, 0
    FROM declared, generate_series(0, ${MODELS - 1}) AS m, generate_series(0, 1) AS tier WHERE kind <> 'model' OR m = 0`);
}
