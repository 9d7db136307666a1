import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { PriceEntry } from "@waybill/catalog";
import { connectOnce, openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { readFact } from "./inbound/read-fact.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import { keepRevisions, waitingModels } from "./outbound/postgres-revisions.ts";
import { standingAttempts } from "./outbound/standing-attempts.ts";
import type { Books } from "./ports.ts";
import { recordUsage } from "./record-usage.ts";
import { type RepricePorts, type RepriceWish, reprice } from "./reprice.ts";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let pool: Pool;
let books: Books;
let prices: PriceEntry[] = [];
/** What went out on USAGE. */
let published: Uint8Array[] = [];

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 4 });
});
beforeEach(async () => {
  [prices, published] = [[], []];
  // One that remembers nothing of what the last test had written.
  books = postgresBooks(pool);
  await owner.query(
    `TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month, ledger.revision,
       ledger.attribution, ledger.routing, ledger.carrier, ledger.account`,
  );
});
after(async () => {
  await pool.end();
  await owner.end();
  await database.stop();
});

const ALL: RepriceWish = {
  ...{ provider: "sim", model: "economy", fromMs: 0, untilMs: 4_000_000_000_000, onlyUnpriced: true },
  ...{ because: "price_arrived", by: "ledger", reason: "" },
};
const WHOLE = { isDryRun: false, lookedMax: 10_000 };

function ports(): RepricePorts {
  return {
    pricesOf: () => prices,
    standing: standingAttempts(pool),
    keep: (revisions, wish) => keepRevisions(pool, revisions, wish),
    publish: async (records) => void published.push(...records),
    nowMs: () => sampleFact().requestedAtMs + 60_000,
  };
}

const list = (version: string, rate: bigint): PriceEntry => {
  const input = { input: rate, cachedInput: rate, cacheWrite5m: rate, cacheWrite1h: rate };
  const rates = { ...input, output: rate, reasoningOutput: rate };
  return { effectiveFromMs: 0, price: { version, tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd: 0n } };
};

async function book(...facts: UsageFact[]): Promise<void> {
  await deliver(facts.map((fact) => ({ kind: "fact", fact }) as const));
}

async function deliver(readings: readonly ReturnType<typeof readFact>[]): Promise<void> {
  const story = {
    readFact: (data: Uint8Array) => readings[data[0] ?? 0] ?? ({ kind: "poison", reason: "none" } as const),
    books,
    park: async (_: unknown, reason: string) => assert.fail(reason),
    failpoint: () => undefined,
    monotonicMs: () => performance.now(),
  };
  await recordUsage(
    story,
    readings.map((_, index) => ({ data: Uint8Array.of(index), subject: "s", traceparent: "" })),
  );
}

/** Everything that went out comes back, twice. */
async function comeBack(): Promise<void> {
  await deliver([...published, ...published].map(readFact));
  published = [];
}

const unpriced = (index: number, changes: Partial<UsageFact> = {}): UsageFact =>
  sampleFact({ ...sampleRequest(index), priced: false, costPicoUsd: 0n, price: undefined, ...changes });

async function sums(): Promise<unknown> {
  const { rows } = await owner.query(
    "SELECT sum(attempts)::int AS attempts, sum(unpriced_attempts)::int AS unpriced, sum(cost_usd)::text AS cost FROM finance.cost_by_day",
  );
  return rows[0];
}

const noProblem = async (): Promise<void> =>
  assert.deepEqual((await owner.query("SELECT * FROM ledger.problem")).rows, []);

test("what lies in suspense is booked at its price when that arrives: from suspense to spend, nothing counted twice", async () => {
  await book(unpriced(1), unpriced(2), unpriced(3, { model: "other" }), sampleFact(sampleRequest(4)));
  assert.deepEqual(
    (await waitingModels(pool, "")).map(({ model, attempts, inputTokens }) => [model, attempts, inputTokens]),
    [
      ["economy", 2n, 200n],
      ["other", 1n, 100n],
    ],
  );
  assert.deepEqual(await waitingModels(pool, "elsewhere"), []);
  const before = await reprice(ports(), ALL, WHOLE);
  assert.deepEqual([before.looked, before.revised, before.not.no_price], [2, 0, 2]);
  prices = [list("v7", 2_000_000n)];
  const report = await reprice(ports(), ALL, WHOLE);
  assert.deepEqual([report.revised, report.arrived, report.afterPicoUsd], [2, 2, 480_000_000n]);
  await comeBack();
  assert.deepEqual(await sums(), { attempts: 4, unpriced: 1, cost: "0.00198" });
  const { rows } = await owner.query(
    "SELECT account, sum(amount_usd)::numeric AS usd FROM ledger.posting GROUP BY 1 HAVING sum(amount_usd) <> 0 ORDER BY 1",
  );
  assert.deepEqual(
    rows.map(({ account, usd }) => [account, Number(usd)]),
    [
      ["payable:sim", -0.00198],
      ["spend:acme/support/k1", 0.00198],
    ],
  );
  const { rows: standing } = await owner.query(
    "SELECT record_id, price_version FROM ledger.attempt WHERE sequence = 3 ORDER BY 1",
  );
  assert.deepEqual(
    standing.map(({ record_id, price_version }) => [record_id.slice(-11), price_version]),
    [
      [".1:worker.1", "v7"],
      [".1:worker.1", "v7"],
    ],
  );
  const again = await reprice(ports(), ALL, WHOLE);
  assert.equal(again.looked, 0, "nothing waits any more");
  await noProblem();
});

test("a price that was wrong is corrected for the requests of a time, also over a closed month, which stays what it was", async () => {
  await book(sampleFact(sampleRequest(1)), sampleFact(sampleRequest(50_000)));
  await owner.query(
    `INSERT INTO ledger.closed_month (month, closed_by, reason, requests, attempts, unpriced_attempts, cost_usd)
     SELECT '2024-11-01', 'finance', '', sum(requests), sum(attempts), 0, sum(cost_usd) FROM ledger.usage_day`,
  );
  prices = [list("v2", 1_000_000n)];
  const wish = { ...ALL, onlyUnpriced: false, because: "price_corrected", by: "ada", reason: "contract" } as const;
  const only = { ...wish, fromMs: sampleFact().requestedAtMs, untilMs: sampleFact().requestedAtMs + 2 };
  const dry = await reprice(ports(), only, { ...WHOLE, isDryRun: true });
  assert.deepEqual([dry.revised, dry.beforePicoUsd, dry.afterPicoUsd], [1, 1_500_000_000n, 120_000_000n]);
  assert.equal(published.length, 0);
  await reprice(ports(), only, WHOLE);
  await comeBack();
  const { rows } = await owner.query(
    "SELECT accounting_month::text AS month, sum(cost_usd)::text AS cost FROM finance.cost_by_day GROUP BY 1 ORDER BY 1",
  );
  assert.deepEqual(
    rows.map(({ month, cost }) => [month.slice(0, 7), cost]),
    [
      ["2024-11", "0.003"],
      ["2024-12", "-0.00138"],
    ],
  );
  prices = [list("v3", 3_000_000n)];
  await reprice(ports(), only, WHOLE);
  await comeBack();
  const { rows: standing } = await owner.query("SELECT source FROM ledger.attempt ORDER BY request_id");
  assert.deepEqual(
    standing.map(({ source }) => source),
    ["worker.2", "worker"],
  );
  assert.deepEqual(await sums(), { attempts: 2, unpriced: 0, cost: "0.00186" });
  await noProblem();
});

test("a revision that was written down is published again as it was, whatever is known since, until it is on the books", async () => {
  await book(unpriced(1));
  prices = [list("v1", 1_000_000n)];
  await reprice(ports(), ALL, WHOLE);
  prices = [list("v2", 9_000_000n)];
  await reprice(ports(), ALL, WHOLE);
  assert.equal(published.length, 2);
  assert.deepEqual(published[0], published[1]);
  await comeBack();
  assert.deepEqual(await sums(), { attempts: 1, unpriced: 0, cost: "0.00012" });
});

test("the worker's own record that comes late stands against a revision of what was inferred, and waits for its price in turn", async () => {
  await book(unpriced(1, { source: "ingress", tokenSource: "estimated" }));
  prices = [list("v1", 1_000_000n)];
  await reprice(ports(), ALL, WHOLE);
  await book(unpriced(1, { tokens: { ...sampleFact().tokens, output: 1_020n } }));
  await comeBack();
  assert.deepEqual(await sums(), { attempts: 1, unpriced: 1, cost: null });
  await reprice(ports(), ALL, WHOLE);
  await comeBack();
  assert.deepEqual(await sums(), { attempts: 1, unpriced: 0, cost: "0.00112" });
  await noProblem();
});

test("many are looked at page by page, and a look that ends early goes on where it was", async () => {
  await book(...Array.from({ length: 23 }, (_, index) => unpriced(index + 1)));
  prices = [list("v1", 1_000_000n)];
  const first = await reprice(ports(), ALL, { isDryRun: true, lookedMax: 10 });
  const second = await reprice(ports(), ALL, { isDryRun: true, lookedMax: 20, after: first.goesOnAfter });
  assert.deepEqual([first.looked, second.looked, second.goesOnAfter], [10, 13, undefined]);
});
