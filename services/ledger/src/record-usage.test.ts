import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { formatUsd } from "@waybill/domain";
import { connectOnce, openPool, type Pool, sqlState } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import type { Delivery } from "./ports.ts";
import { type ReadFact, type RecordUsagePorts, recordUsage } from "./record-usage.ts";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let pool: Pool;
let parked: string[] = [];

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 4 });
});
beforeEach(async () => {
  parked = [];
  await owner.query(
    `TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month,
       ledger.attribution, ledger.routing, ledger.carrier, ledger.account`,
  );
});
after(async () => {
  await pool.end();
  await owner.end();
  await database.stop();
});

// The story sees deliveries; these carry the index of the fact instead of its bytes.
function portsFor(facts: readonly UsageFact[]): RecordUsagePorts {
  const readFact: ReadFact = (data) => {
    const fact = facts[data[0] ?? 0];
    return fact ? { kind: "fact", fact } : { kind: "poison", reason: "no such fact" };
  };
  return {
    readFact,
    books: postgresBooks(pool),
    park: async (_, reason) => void parked.push(reason),
    failpoint: () => undefined,
    monotonicMs: () => performance.now(),
  };
}

async function deliver(...facts: UsageFact[]) {
  const deliveries = facts.map((_, index): Delivery => ({ data: Uint8Array.of(index), subject: "s", traceparent: "" }));
  return await recordUsage(portsFor(facts), deliveries);
}

async function rows<R>(sql: string): Promise<R[]> {
  return (await owner.query(sql)).rows as R[];
}

const noProblem = async (): Promise<void> => assert.deepEqual(await rows("SELECT * FROM ledger.problem"), []);

test("a record makes one original entry and two postings that sum to zero", async () => {
  const report = await deliver(sampleFact());
  assert.equal(report.records, 1);
  const [entry] = await rows<Record<string, unknown>>("SELECT * FROM ledger.attempt");
  assert.equal(entry?.attempt_id, "01932f5e-8a00-7abc-8def-000000000001.1");
  assert.equal(entry?.record_id, "01932f5e-8a00-7abc-8def-000000000001.1:worker");
  assert.equal(entry?.class, "original");
  assert.equal(entry?.cost_usd, "0.001500000000");
  assert.deepEqual(await rows("SELECT account, amount_usd FROM ledger.posting ORDER BY line"), [
    { account: "spend:acme/support/k1", amount_usd: "0.001500000000" },
    { account: "payable:sim", amount_usd: "-0.001500000000" },
  ]);
  await noProblem();
});

test("the same record again, at once or later, changes nothing", async () => {
  await deliver(sampleFact(), sampleFact());
  const report = await deliver(sampleFact());
  assert.deepEqual([report.records, report.duplicates], [0, 1]);
  assert.equal((await rows("SELECT * FROM ledger.entry")).length, 1);
  await noProblem();
});

test("a better record corrects: the standing entry is mirrored, the sums are those of what stands", async () => {
  const lost = sampleFact({
    source: "lost",
    outcome: "unknown",
    costPicoUsd: 9_000_000_000n,
    tokenSource: "worst_case",
  });
  await deliver(lost);
  await deliver(sampleFact());
  assert.deepEqual(await rows("SELECT sequence, class, sign, source, cost_usd FROM ledger.entry ORDER BY sequence"), [
    { sequence: 1, class: "original", sign: 1, source: "lost", cost_usd: "0.009000000000" },
    { sequence: 2, class: "correction", sign: -1, source: "lost", cost_usd: "-0.009000000000" },
    { sequence: 3, class: "correction", sign: 1, source: "worker", cost_usd: "0.001500000000" },
  ]);
  assert.deepEqual(
    await rows("SELECT requests, attempts, output_tokens, cost_usd, estimated_cost_usd FROM finance.cost_by_team_day"),
    [{ requests: 1n, attempts: 1n, output_tokens: 20n, cost_usd: "0.0015", estimated_cost_usd: "0" }],
  );
  await noProblem();
});

test("a worse record that comes late is kept and costs nothing", async () => {
  await deliver(sampleFact());
  await deliver(sampleFact({ source: "lost", outcome: "unknown", costPicoUsd: 9_000_000_000n }));
  assert.equal((await rows("SELECT * FROM ledger.usage_record")).length, 2);
  assert.equal((await rows("SELECT * FROM ledger.entry")).length, 1);
  await noProblem();
});

test("an unknown price is no zero: NULL in the entry, suspense in the postings, named by finance's view", async () => {
  await deliver(sampleFact({ priced: false, costPicoUsd: 0n }));
  assert.deepEqual(await rows("SELECT cost_usd, state FROM ledger.entry"), [{ cost_usd: null, state: "unpriced" }]);
  assert.deepEqual(await rows("SELECT cost_usd, unpriced_attempts FROM finance.cost_by_team_day"), [
    { cost_usd: null, unpriced_attempts: 1n },
  ]);
  await noProblem();
});

// Another order for every batch, the same in every run.
function scatter(fact: UsageFact, batch: number): number {
  return (Number(fact.costPicoUsd) * 7_919 + batch * 104_729) % 211;
}

test("many writers, shuffled and repeated records: the same books", async () => {
  const sources = ["void", "ingress", "lost", "worker"] as const;
  const facts = Array.from({ length: 200 }, (_, index) =>
    sampleFact({
      ...sampleRequest(index % 50),
      source: sources[Math.floor(index / 50)] ?? "worker",
      costPicoUsd: BigInt(index),
    }),
  );
  const batches = Array.from({ length: 12 }, (_, batch) =>
    [...facts, ...facts]
      .filter((_, index) => (index * 7 + batch * 13) % 5 !== batch % 5)
      .sort((a, b) => scatter(a, batch) - scatter(b, batch)),
  );
  batches.push(facts);
  await Promise.all(batches.map((batch) => deliver(...batch.slice(0, 256))));
  await deliver(...facts);
  const sum = facts.slice(150).reduce((total, { costPicoUsd }) => total + costPicoUsd, 0n);
  const [books] = await rows<{ attempts: bigint; cost: string }>(
    "SELECT sum(sign) AS attempts, trim_scale(sum(cost_usd)) AS cost FROM ledger.entry",
  );
  assert.deepEqual(books, { attempts: 50n, cost: formatUsd(sum) });
  assert.equal((await rows("SELECT * FROM ledger.usage_record")).length, 200);
  await noProblem();
});

test("a value that Postgres refuses is parked alone; the rest of its batch is booked", async () => {
  const facts = Array.from({ length: 30 }, (_, index) =>
    sampleFact({ ...sampleRequest(index), ...(index === 17 && { evidenceJson: "{not json" }) }),
  );
  const report = await deliver(...facts);
  assert.deepEqual([report.records, report.parked], [29, 1]);
  assert.deepEqual(parked, ["the books refuse it: 22P02"]);
  await noProblem();
});

test("what cannot be read is parked after the rest is booked", async () => {
  const report = await recordUsage(portsFor([sampleFact()]), [
    { data: Uint8Array.of(9), subject: "s", traceparent: "" },
    { data: Uint8Array.of(0), subject: "s", traceparent: "" },
  ]);
  assert.deepEqual([report.records, report.parked], [1, 1]);
});

test("books that cannot be reached book nothing and park nothing", async () => {
  const ports = portsFor([sampleFact()]);
  const away = openPool({ url: "postgres://nobody@127.0.0.1:1/none", applicationName: "test", connectionsMax: 1 });
  await assert.rejects(
    recordUsage({ ...ports, books: postgresBooks(away) }, [{ data: Uint8Array.of(0), subject: "s", traceparent: "" }]),
  );
  assert.deepEqual(parked, []);
  await away.end();
});

test("the view has the columns finance was promised, in their order", async () => {
  await deliver(sampleFact(), sampleFact({ ...sampleRequest(1), tokenSource: "counted", costPicoUsd: 500_000_000n }));
  await deliver(
    sampleFact({ attempt: 2, outcome: "failed_free", costPicoUsd: 0n, source: "void", tokenSource: "none" }),
  );
  const [row] = await rows<Record<string, unknown>>("SELECT *, day::text AS day FROM finance.cost_by_team_day");
  assert.ok(row);
  assert.deepEqual(Object.entries(row).slice(0, 10), [
    ["day", "2024-11-15"],
    ["organisation", "Acme"],
    ["team", "Support"],
    ["requests", 2n],
    ["attempts", 3n],
    ["input_tokens", 300n],
    ["output_tokens", 60n],
    ["cost_usd", "0.002"],
    ["estimated_cost_usd", "0.0005"],
    ["simulated", true],
  ]);
});

const FORBIDDEN = [
  "UPDATE ledger.entry SET cost_usd = 0",
  "DELETE FROM ledger.entry",
  "UPDATE ledger.account SET name = 'spend:other'",
  "DELETE FROM ledger.account",
  "UPDATE ledger.usage_record SET cost_usd = 0",
  "DELETE FROM ledger.usage_record",
  "TRUNCATE ledger.entry",
  "UPDATE ledger.usage_day SET cost_usd = 0",
  "DELETE FROM ledger.usage_hour",
  "UPDATE ledger.closed_month SET cost_usd = 0",
  "DELETE FROM ledger.closed_month",
  "DELETE FROM ledger.checkpoint",
  "UPDATE ledger.attribution SET team_id = 'other'",
  "CREATE TABLE ledger.note (body text)",
];
for (const sql of FORBIDDEN) {
  test(`the ledger's own role cannot ${sql.split(" ").slice(0, 3).join(" ")}`, async () => {
    await assert.rejects(pool.query(sql), (error) => sqlState(error) === "42501");
  });
}

test("finance_reader reads the view and nothing else", async () => {
  await deliver(sampleFact());
  const finance = await connectOnce(database.urlAs("finance_reader"), "test-finance");
  try {
    assert.equal((await finance.query("SELECT * FROM finance.cost_by_team_day")).rowCount, 1);
    for (const table of ["ledger.entry", "ledger.posting", "ledger.usage_record", "ledger.attempt", "ledger.problem"]) {
      await assert.rejects(finance.query(`SELECT * FROM ${table}`), (error) => sqlState(error) === "42501", table);
    }
    await assert.rejects(finance.query("CREATE VIEW finance.mine AS SELECT 1"));
  } finally {
    await finance.end();
  }
});

const DAMAGES: readonly [string, RegExp][] = [
  ["UPDATE ledger.entry SET cost_usd = cost_usd + 1", /add up to the record/],
  ["DELETE FROM ledger.account WHERE name LIKE 'spend:%'", /sum to zero/],
  ["UPDATE ledger.account SET name = 'suspense:a/b/c' WHERE name LIKE 'spend:%'", /not what the entry says/],
  ["DELETE FROM ledger.entry", /add up to the record/],
  ["DELETE FROM ledger.usage_record", /add up to the record/],
  ["UPDATE ledger.usage_record SET cost_usd = 7", /add up to the record/],
  ["UPDATE ledger.entry SET occurred_at = '2024-10-31 23:59:59Z'", /not the month of the request/],
  ["UPDATE ledger.entry SET attribution_id = gen_random_uuid()", /to whom/],
  ["UPDATE ledger.usage_hour SET attempts = attempts + 1", /sums of an hour/],
  ["DELETE FROM ledger.usage_hour", /sums of an hour/],
  ["UPDATE ledger.usage_day SET cost_usd = cost_usd + 1", /sums of a day/],
  ["DELETE FROM ledger.usage_day", /sums of a day/],
];
for (const [damage, problem] of DAMAGES) {
  test(`ledger.problem finds: ${damage}`, async () => {
    await deliver(sampleFact());
    await noProblem();
    await owner.query(damage);
    const found = await rows<{ problem: string }>("SELECT problem FROM ledger.problem");
    assert.ok(
      found.some((row) => problem.test(row.problem)),
      JSON.stringify(found),
    );
  });
}

test("the database ranks sources as libs/domain does", async () => {
  const ranked = await rows<{ source: string }>(
    "SELECT source FROM unnest(ARRAY['void', 'worker', 'ingress', 'lost']) AS source ORDER BY ledger.source_rank(source) DESC",
  );
  assert.deepEqual(
    ranked.map(({ source }) => source),
    ["worker", "lost", "ingress", "void"],
  );
});

test("the dimensions of many entries are kept once, whoever adds them", async () => {
  const facts = Array.from({ length: 40 }, (_, index) => sampleFact(sampleRequest(index)));
  await Promise.all([deliver(...facts.slice(0, 20)), deliver(...facts.slice(20))]);
  assert.deepEqual(await rows("SELECT team_name, cost_centre, environment FROM ledger.attribution"), [
    { team_name: "Support", cost_centre: "4711", environment: null },
  ]);
  assert.equal((await rows("SELECT * FROM ledger.routing")).length, 1);
  const [attempt] = await rows<Record<string, unknown>>(
    "SELECT team_id, key_name, model, price_version FROM ledger.attempt",
  );
  assert.deepEqual(attempt, { team_id: "support", key_name: "laptop", model: "economy", price_version: "v1" });
  await noProblem();
});

test("the rates that held are kept beside an entry, and tokens times rates are its cost", async () => {
  const tokens = {
    input: 100n,
    cachedInput: 40n,
    cacheWrite5m: 0n,
    cacheWrite1h: 0n,
    output: 20n,
    reasoningOutput: 5n,
  };
  await deliver(sampleFact({ tokens, costPicoUsd: 1_500_000_000n }));
  const [priced] = await rows<{ cost: string; booked: string }>(`
    SELECT trim_scale((e.input_tokens - e.cached_input_tokens) * p.input_usd_per_million / 1000000
      + e.cached_input_tokens * p.cached_input_usd_per_million / 1000000
      + e.output_tokens * p.output_usd_per_million / 1000000) AS cost, trim_scale(e.cost_usd) AS booked
    FROM ledger.entry e JOIN ledger.price p ON p.id = e.price_id`);
  assert.equal(priced?.cost, priced?.booked);
});

test("hours and days add up as the records come, and can be made anew to the last digit", async () => {
  const lost = sampleFact({
    source: "lost",
    outcome: "unknown",
    costPicoUsd: 9_000_000_000n,
    tokenSource: "worst_case",
  });
  await deliver(lost, sampleFact(sampleRequest(3_600_000)), sampleFact(sampleRequest(86_400_000)));
  await deliver(sampleFact(), sampleFact({ ...sampleRequest(5), priced: false, costPicoUsd: 0n }));
  const kept =
    "SELECT h::text AS row FROM ledger.usage_hour h UNION ALL SELECT d::text FROM ledger.usage_day d ORDER BY 1";
  const before = await rows(kept);
  assert.deepEqual(
    await rows(`SELECT day::text AS day, sum(requests)::int AS requests, sum(unpriced_attempts)::int AS unpriced
      FROM ledger.usage_day GROUP BY day ORDER BY day`),
    [
      { day: "2024-11-15", requests: 3, unpriced: 1 },
      { day: "2024-11-16", requests: 1, unpriced: 0 },
    ],
  );
  await owner.query("UPDATE ledger.usage_hour SET cost_usd = cost_usd * 2; DELETE FROM ledger.usage_day");
  await pool.query("SELECT ledger.rebuild_roll_ups('2024-11-01')");
  assert.deepEqual(await rows(kept), before);
  await noProblem();
});

test("a record of a month that cannot be is parked with the reason, and its batch is booked", async () => {
  const old = Date.parse("2019-12-31T23:59:59Z");
  const report = await deliver(
    sampleFact(),
    sampleFact({ ...sampleRequest(1), requestedAtMs: old }),
    sampleFact({ ...sampleRequest(2), requestedAtMs: Date.now() + 70 * 86_400_000 }),
  );
  assert.deepEqual([report.records, report.parked], [1, 2]);
  assert.match(parked[0] ?? "", /no month 2019-12: it is dropped, or to come/);
  await noProblem();
});
