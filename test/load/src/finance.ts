// How long finance's views of a month take over many entries, and that none of them reads entries: loaded with COPY into a month of a
// Postgres of its own, with 1,000 keys of 20 teams that ask two models each, and a few attempts of every outcome.
//   node --conditions=source --import tsx test/load/src/finance.ts [--rows 5000000]
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applyRoles, type RolePasswords, roleNames, startPostgres, urlAs } from "@waybill/local";
import { connectOnce, copyIn, copyLine, migrate, openPool } from "@waybill/store";
import { freePort, makeTestFolder, migrationsOf } from "@waybill/testing";
import { uuidAt } from "./generator/usage-record.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "5000000" } } });
const rows = Number(values.rows);
const ROWS_AT_ONCE = 20_000;
const TARGET_MS = 2_000;
const [TEAMS, KEYS, MODELS] = [20, 1_000, 8];
const MONTH = "2026-10-01";
const MONTH_MS = Date.parse(MONTH);
const DAYS_MS = 31 * 86_400_000;

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

const COLUMNS = `request_month, accounting_month, request_id, attempt, sequence, sign, class, source, outcome, token_source, state,
  occurred_at, recorded_at, attribution_id, routing_id, price_id, carrier_id, debit_account_id, credit_account_id,
  input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, cost_usd,
  duration_ms, suspect, stream`;
/** Of a hundred attempts. */
const OUTCOMES = [
  ...Array.from({ length: 94 }, () => "success"),
  ...["partial", "partial", "partial", "failed_billed", "failed_billed", "unknown"],
];

const folder = await makeTestFolder("finance");
const postgres = await startPostgres({
  dataDir: join(folder.path, "data"),
  port: await freePort(),
  password: "load",
  logFile: join(folder.path, "postgres.log"),
});
folder.killAtExit(postgres.pid);
const passwords = Object.fromEntries(roleNames.map((role) => [role, randomBytes(12).toString("hex")]));
await applyRoles(postgres.url, passwords as RolePasswords);
for (const service of ["budget", "ledger"]) await migrate(postgres.url, migrationsOf(service));
const pool = openPool({ url: postgres.url, applicationName: "load", connectionsMax: 1, statementTimeoutMs: 0 });
const owner = await pool.connect();
const finance = await connectOnce(urlAs(postgres.url, "finance_reader", passwords.finance_reader ?? ""), "finance");

await addDimensions(owner);
await declareBaselines(owner);
await addBudgets(owner);
await timed(`${rows} entries loaded`, () => load(owner));
await owner.query("ANALYZE");
await timed("sums by hour and day made anew", () => owner.query("SELECT ledger.rebuild_roll_ups($1)", [MONTH]));
await owner.query("ANALYZE");
const { rows: sizes } = await owner.query(
  "SELECT (SELECT count(*) FROM ledger.usage_hour) AS hours, (SELECT count(*) FROM ledger.usage_day) AS days",
);
console.log(`  ${sizes[0].hours} sums by hour, ${sizes[0].days} by day`);
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
owner.release();
await pool.end();
await postgres.stop();
await folder.remove();

function idOf(kind: number, index: number): string {
  return `00000000-0000-0000-000${kind}-${index.toString(16).padStart(12, "0")}`;
}

async function addDimensions(client: typeof owner): Promise<void> {
  await client.query("SELECT ledger.open_months(ARRAY[$1]::date[])", [MONTH]);
  const attributions = Array.from({ length: KEYS }, (_, index) => ({
    ...{ id: idOf(1, index), organisation_id: "acme", organisation_name: "Acme", team_id: `team-${index % TEAMS}` },
    ...{
      team_name: `Team ${index % TEAMS}`,
      cost_centre: index % TEAMS === 0 ? null : String(4_000 + (index % TEAMS)),
    },
    ...{
      user_id: `user-${index % 400}`,
      user_name: "Ada",
      key_id: `key-${index}`,
      key_name: "laptop",
      environment: "production",
    },
  }));
  const routings = Array.from({ length: MODELS }, (_, index) => ({
    ...{ id: idOf(2, index), route: "support", route_version: 3, path: ["start"], requested_model: "dynamic/support" },
    ...{ provider: index % 2 === 0 ? "openai" : "anthropic", provider_account: "default", model: `model-${index}` },
    ...{ upstream_model: `model-${index}`, simulated: false },
  }));
  const prices = Array.from({ length: MODELS }, (_, index) => ({
    ...{
      id: idOf(3, index),
      version: "v1",
      above_input_tokens: 0,
      input_usd_per_million: 2,
      cached_input_usd_per_million: 0.5,
    },
    ...{ cache_write_5m_usd_per_million: 2.5, cache_write_1h_usd_per_million: 4, output_usd_per_million: 8 },
    ...{ reasoning_usd_per_million: 8, request_usd: 0 },
  }));
  const add = (table: string, added: unknown) =>
    client.query(`INSERT INTO ledger.${table} SELECT * FROM jsonb_populate_recordset(NULL::ledger.${table}, $1)`, [
      JSON.stringify(added),
    ]);
  await add("attribution", attributions);
  await add("routing", routings);
  await add("price", prices);
  await add("carrier", [{ id: idOf(4, 0), holder: "r", ingress_id: "i", worker_id: "w" }]);
  await add("account", [
    { id: idOf(5, 0), name: "spend:acme/team/key" },
    { id: idOf(5, 1), name: "payable:openai" },
  ]);
}

/** For the month: of everyone, of each team, of each of 400 users, and of some in a time zone that begins its days within ours. */
async function addBudgets(client: typeof owner): Promise<void> {
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
async function declareBaselines(client: typeof owner): Promise<void> {
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

async function load(client: typeof owner): Promise<void> {
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - first);
    await copyIn(
      client,
      `ledger.entry (${COLUMNS})`,
      Array.from({ length: count }, (_, index) => lineOf(first + index)),
    );
    if (first % 1_000_000 === 0) console.log(`  ${first} loaded`);
  }
}

function lineOf(index: number): string {
  const atMs = MONTH_MS + Math.floor((index / rows) * DAYS_MS);
  // Some keys are used far more than others; each asks two models.
  const key = Math.floor((((index * 2_654_435_761) % 4_294_967_296) / 4_294_967_296) ** 2 * KEYS);
  const model = (key + (index % 2)) % MODELS;
  const output = index % 900;
  const time = new Date(atMs).toISOString();
  return copyLine([
    ...[
      MONTH,
      MONTH,
      uuidAt(atMs),
      1,
      1,
      1,
      "original",
      "worker",
      OUTCOMES[(index * 37) % OUTCOMES.length],
      "provider",
      "priced",
    ],
    ...[time, time, idOf(1, key), idOf(2, model), idOf(3, model), idOf(4, 0), idOf(5, 0), idOf(5, 1)],
    ...[1_200, 1_024, 0, 0, output, 0, ((1_200 - 1_024) * 2 + 1_024 * 0.5 + output * 8) / 1e6, 900, false, true],
  ]);
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const startedAtMs = performance.now();
  await work();
  console.log(`${what} in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
}
