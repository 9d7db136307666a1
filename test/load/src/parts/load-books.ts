// A month of many entries, loaded with COPY into a Postgres of its own: 1,000 keys of 20 teams that ask two models each, a few attempts of
// every outcome, and a few of everything that is rare.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { applyRoles, type RolePasswords, roleNames, startPostgres, urlAs } from "@waybill/local";
import { type Client, copyIn, copyLine, migrate, openPool, type Pool } from "@waybill/store";
import { freePort, makeTestFolder, migrationsOf } from "@waybill/testing";
import { uuidAt } from "../generator/usage-record.ts";

const ROWS_AT_ONCE = 20_000;
export const [TEAMS, MODELS] = [20, 8];
const KEYS = 1_000;
export const MONTH = "2026-10-01";
export const MONTH_MS = Date.parse(MONTH);
export const MONTH_END_MS = MONTH_MS + 31 * 86_400_000;

const COLUMNS = `request_month, accounting_month, request_id, attempt, sequence, sign, class, source, outcome, token_source, state,
  occurred_at, recorded_at, attribution_id, routing_id, price_id, carrier_id, debit_account_id, credit_account_id,
  input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, cost_usd,
  duration_ms, suspect, stream, end_user_id, session, tags, finish_reason`;
/** Of a hundred attempts. */
const OUTCOMES = [
  ...Array.from({ length: 94 }, () => "success"),
  ...["partial", "partial", "partial", "failed_billed", "failed_billed", "unknown"],
];

export interface LoadedBooks extends AsyncDisposable {
  /** As the owner. */
  owner: Client;
  urlOf(role: string): string;
}

/** Starts it, loads `rows` entries, and makes the sums anew; says how long that took. */
export async function loadBooks(name: string, rows: number): Promise<LoadedBooks> {
  const folder = await makeTestFolder(name);
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
  const pool: Pool = openPool({ url: postgres.url, applicationName: "load", connectionsMax: 1, statementTimeoutMs: 0 });
  const owner = await pool.connect();
  await addDimensions(owner);
  await timed(`${rows} entries loaded`, () => load(owner, rows));
  await owner.query("ANALYZE");
  await timed("sums by hour and day made anew", () => owner.query("SELECT ledger.rebuild_roll_ups($1)", [MONTH]));
  await owner.query("ANALYZE");
  const { rows: sizes } = await owner.query(
    "SELECT (SELECT count(*) FROM ledger.usage_hour) AS hours, (SELECT count(*) FROM ledger.usage_day) AS days",
  );
  console.log(`  ${sizes[0].hours} sums by hour, ${sizes[0].days} by day`);
  return {
    owner,
    urlOf: (role) => urlAs(postgres.url, role, passwords[role] ?? ""),
    async [Symbol.asyncDispose]() {
      owner.release();
      await pool.end();
      await postgres.stop();
      await folder.remove();
    },
  };
}

function idOf(kind: number, index: number): string {
  return `00000000-0000-0000-000${kind}-${index.toString(16).padStart(12, "0")}`;
}

async function addDimensions(client: Client): Promise<void> {
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

async function load(client: Client, rows: number): Promise<void> {
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - first);
    await copyIn(
      client,
      `ledger.entry (${COLUMNS})`,
      Array.from({ length: count }, (_, index) => lineOf(first + index, rows)),
    );
    if (first % 1_000_000 === 0) console.log(`  ${first} loaded`);
  }
}

function lineOf(index: number, rows: number): string {
  const atMs = MONTH_MS + Math.floor((index / rows) * (MONTH_END_MS - MONTH_MS));
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
    ...[`customer-${index % 50_000}`, index % 3 === 0 ? `session-${Math.floor(index / 30)}` : undefined],
    ...[`{"app":"chat-${index % 7}"}`, index % 1_000_000 === 500_000 ? "rare" : "stop"],
  ]);
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const startedAtMs = performance.now();
  await work();
  console.log(`${what} in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
}
