// Books from before they were cut into months are carried over whole, and go on.
import assert from "node:assert/strict";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectOnce, migrate, openPool } from "@waybill/store";
import { makeTestFolder, migrationsOf, startTestDatabase, type TestDatabase, type TestFolder } from "@waybill/testing";
import { migrations } from "./config.ts";
import { planEntries } from "./core/plan-entries.ts";
import { SAMPLE_REQUEST, sampleFact } from "./core/sample-fact.test.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";

let folder: TestFolder;
let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;

/** The last version whose tables were whole. */
const WHOLE = "0006";

before(async () => {
  folder = await makeTestFolder("whole-books");
  const early = join(folder.path, "migrations");
  await mkdir(early);
  for (const name of await readdir(migrations.folder)) {
    if (name.slice(0, 4) <= WHOLE) await cp(join(migrations.folder, name), join(early, name));
  }
  database = await startTestDatabase({ migrations: [{ ...migrations, folder: early }] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
});
after(async () => {
  await owner.end();
  await database.stop();
  await folder.remove();
});

const PRICED = "0.009000000000";
const [OCTOBER, NOVEMBER, UNPRICED] = [
  "01928000-0000-7abc-8def-000000000001",
  SAMPLE_REQUEST,
  "01932f5e-8a01-7abc-8def-000000000001",
];

async function bookAsBefore(requestId: string, occurredAt: string, cost: string | null, keys: object): Promise<void> {
  const entry = {
    ...{
      request_month: `${occurredAt.slice(0, 7)}-01`,
      request_id: requestId,
      attempt: 1,
      sequence: 1,
      class: "original",
    },
    ...{ sign: 1, source: "lost", outcome: "unknown", accounting_month: `${occurredAt.slice(0, 7)}-01` },
    ...{ occurred_at: occurredAt, recorded_at: occurredAt, posted_at: occurredAt, organisation_id: "acme" },
    ...{ organisation_name: "Acme", team_id: "support", team_name: "Support", provider: "sim", model: "economy" },
    ...{
      simulated: true,
      input_tokens: 100,
      cached_input_tokens: 40,
      cache_write_5m_tokens: 0,
      cache_write_1h_tokens: 0,
    },
    ...{ output_tokens: 20, reasoning_tokens: 5, token_source: "worst_case", suspect: false, stream: false },
    ...{ cost_usd: cost, state: cost === null ? "unpriced" : "priced", price_version: cost === null ? null : "v1" },
    ...keys,
  };
  await owner.query("INSERT INTO ledger.entry SELECT * FROM jsonb_populate_record(NULL::ledger.entry, $1)", [entry]);
  const kind = cost === null ? ["suspense", "suspense"] : ["spend", "payable"];
  for (const [line, account, sign] of [
    [1, `${kind[0]}:acme/support`, 1] as const,
    [2, `${kind[1]}:sim`, -1] as const,
  ]) {
    await owner.query("INSERT INTO ledger.posting VALUES ($1, $2, 1, 1, $3, $4, $5::numeric * $6)", [
      ...[entry.request_month, requestId, line, account, sign, cost ?? "0"],
    ]);
  }
  await owner.query("INSERT INTO ledger.usage_record VALUES ($1, $2, 1, 'lost', 'unknown', $3, 1)", [
    ...[entry.request_month, requestId, cost],
  ]);
}

test("every entry is there with what it said, in sums and views, and can be corrected", {
  timeout: 60_000,
}, async () => {
  await owner.query("DROP TRIGGER postings_balance ON ledger.posting");
  const holds = [{ budget: "b", window: "41", grant: "g", amount_usd: "0.01", hard: true }];
  await bookAsBefore(OCTOBER, "2024-10-12T10:40:00Z", PRICED, {
    route: "support",
    route_version: 3,
    path: ["start"],
    holds,
  });
  await bookAsBefore(NOVEMBER, "2024-11-15T12:00:00Z", PRICED, {
    holder: "router-1",
    provider_account: "default",
    suspect: true,
  });
  await bookAsBefore(UNPRICED, "2024-11-15T12:00:00Z", null, {});
  await owner.query(
    `CREATE TRIGGER postings_balance AFTER INSERT ON ledger.posting
     REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_unbalanced()`,
  );
  const before = (await owner.query("SELECT * FROM finance.cost_by_team_day ORDER BY day")).rows;
  const postings = (await owner.query("SELECT account, amount_usd FROM ledger.posting ORDER BY 1, 2")).rows;

  await migrate(database.ownerUrl, migrationsOf("ledger"));
  assert.deepEqual((await owner.query("SELECT * FROM ledger.problem")).rows, []);
  assert.deepEqual((await owner.query("SELECT * FROM finance.cost_by_team_day ORDER BY day")).rows, before);
  assert.deepEqual((await owner.query("SELECT account, amount_usd FROM ledger.posting ORDER BY 1, 2")).rows, postings);
  const { rows } = await owner.query(
    `SELECT route, route_version, path, holds, price_version, holder, provider_account, suspect, key_id
     FROM ledger.attempt ORDER BY request_id`,
  );
  const nothing = { route: null, route_version: null, path: null, holds: null, holder: null, provider_account: null };
  assert.deepEqual(rows, [
    {
      ...{ ...nothing, route: "support", route_version: 3n, path: ["start"], price_version: "v1", suspect: false },
      ...{ holds: [["b", "41", "0.01", true, "g"]], key_id: null },
    },
    { ...nothing, holder: "router-1", provider_account: "default", price_version: "v1", suspect: true, key_id: null },
    { ...nothing, price_version: null, suspect: false, key_id: null },
  ]);
  assert.equal((await owner.query("SELECT * FROM finance.suspect_attempt")).rowCount, 1);

  const pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 2 });
  try {
    const books = postgresBooks(pool);
    const better = sampleFact();
    await books.openMonths([better]);
    await books.transact(async (open) => open.add(planEntries(await open.recordsOf([better]), [better])));
  } finally {
    await pool.end();
  }
  assert.deepEqual((await owner.query("SELECT * FROM ledger.problem")).rows, []);
  const standing = "SELECT source, trim_scale(cost_usd) AS cost_usd FROM ledger.attempt WHERE request_id = $1";
  assert.deepEqual((await owner.query(standing, [NOVEMBER])).rows, [{ source: "worker", cost_usd: "0.0015" }]);
});
