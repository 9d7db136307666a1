// Months that are closed, on a real database: what is booked afterwards, what may not be closed, and what verifying finds.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { parseUsd } from "@waybill/domain";
import { connectOnce, openPool, type Pool, sqlState } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { closeMonth } from "./close-month.ts";
import { planEntries } from "./core/plan-entries.ts";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import { type Checkpoints, postgresCheckpoints } from "./outbound/postgres-checkpoints.ts";
import { type PostgresMonths, postgresMonths } from "./outbound/postgres-months.ts";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let pool: Pool;
let months: PostgresMonths;
let checkpoints: Checkpoints;

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 4 });
  checkpoints = postgresCheckpoints(pool);
  months = postgresMonths(pool, checkpoints);
});
beforeEach(async () => {
  await owner.query(
    `TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month, ledger.checkpoint;
     UPDATE ledger.month SET dropped_at = NULL`,
  );
});
after(async () => {
  await pool.end();
  await owner.end();
  await database.stop();
});

async function book(...facts: UsageFact[]): Promise<void> {
  const books = postgresBooks(pool);
  await books.openMonths(facts);
  await books.transact(async (open) => open.add(planEntries(await open.recordsOf(facts), facts)));
}

const close = (month: string, acceptUnpriced = false) =>
  closeMonth(months, { month, by: "Ada", reason: "statement sent", acceptUnpriced });

/** What is booked in each month, the earliest first, and what of it is late. */
async function booked(): Promise<[string, bigint, bigint][]> {
  const listed = await months.list("");
  return listed
    .reverse()
    .map(({ month, costPicoUsd, lateCostPicoUsd }) => [
      ...([month, BigInt(costPicoUsd), BigInt(lateCostPicoUsd)] as const),
    ]);
}

async function problems(): Promise<string[]> {
  return (await months.verify(undefined)).problems.map(({ rule, problem }) => `${rule} ${problem}`);
}

const NOVEMBER_2024 = "2024-11";
const COST = parseUsd("0.0015");

test("what comes for a closed month is booked in the next, and the closed one stays what it was", async () => {
  await book(sampleFact());
  const sums = await close(NOVEMBER_2024);
  assert.deepEqual([sums.attempts, sums.costPicoUsd], [1n, COST]);
  await book(sampleFact(sampleRequest(1)));
  assert.deepEqual(await booked(), [
    ["2024-11", COST, 0n],
    ["2024-12", COST, COST],
  ]);
  const { rows } = await owner.query(
    "SELECT request_month::text, accounting_month::text FROM ledger.entry ORDER BY request_id",
  );
  assert.deepEqual(rows, [
    { request_month: "2024-11-01", accounting_month: "2024-11-01" },
    { request_month: "2024-11-01", accounting_month: "2024-12-01" },
  ]);
  assert.deepEqual(await problems(), []);
});

test("a correction of what was closed leaves it, and books the difference in the open month", async () => {
  const lost = { source: "lost", outcome: "unknown", costPicoUsd: 9n * COST, tokenSource: "worst_case" } as const;
  await book(sampleFact(lost));
  await close(NOVEMBER_2024);
  await book(sampleFact());
  assert.deepEqual(await booked(), [
    ["2024-11", 9n * COST, 0n],
    ["2024-12", COST - 9n * COST, COST - 9n * COST],
  ]);
  const [closed] = (await months.list("")).filter(({ closedAtMs }) => closedAtMs > 0n);
  assert.deepEqual([closed?.month, closed?.closedBy], ["2024-11", "Ada"]);
  assert.deepEqual(await problems(), []);
});

test("the database refuses an entry in a closed month, whoever writes it", async () => {
  await book(sampleFact());
  await close(NOVEMBER_2024);
  const sums = JSON.stringify([{ accounting_month: "2024-11-01" }]);
  await assert.rejects(pool.query("SELECT ledger.add_sums($1)", [sums]), (error) => sqlState(error) === "23514");
  await owner.query("UPDATE ledger.usage_day SET cost_usd = cost_usd + 1");
  assert.ok((await problems()).includes("M16 a closed month is not what it was when it was closed"));
});

test("closing waits for who books, and nothing is booked into a month that is being closed", async () => {
  await book(sampleFact());
  const facts = Array.from({ length: 60 }, (_, index) => sampleFact(sampleRequest(index + 1)));
  const booking = facts.map((fact) => book(fact));
  const [closed] = await Promise.all([close(NOVEMBER_2024), ...booking]);
  const sums = await booked();
  assert.deepEqual(sums[0], ["2024-11", closed.costPicoUsd, 0n]);
  assert.equal(
    sums.reduce((sum, [, cost]) => sum + cost, 0n),
    61n * COST,
  );
  assert.deepEqual(await problems(), []);
});

test("a month is not closed twice, not before it is over, not without its prices", async () => {
  const now = new Date().toISOString().slice(0, 7);
  await assert.rejects(close(now), { code: "in_use", publicMessage: /is not over yet/ });
  await assert.rejects(close("2024-13"), { code: "invalid_value", param: "month" });
  await book(sampleFact({ priced: false, costPicoUsd: 0n }));
  await assert.rejects(close(NOVEMBER_2024), { code: "in_use", publicMessage: /1 attempt has no price yet/ });
  await close(NOVEMBER_2024, true);
  await assert.rejects(close(NOVEMBER_2024), { code: "already_exists" });
  await assert.rejects(close("2024-10"), { code: "already_exists", publicMessage: /closed until 2024-11/ });
});

test("entries of old closed months can be dropped; their sums by day and the month itself stay", async () => {
  await book(sampleFact());
  await assert.rejects(pool.query("SELECT ledger.drop_month('2024-11-01')"), /not closed/);
  await close(NOVEMBER_2024);
  assert.deepEqual((await pool.query("SELECT ledger.drop_month('2024-11-01') AS dropped")).rows, [{ dropped: true }]);
  assert.deepEqual(await booked(), [["2024-11", COST, 0n]]);
  assert.equal((await months.list(""))[0]?.dropped, true);
  assert.deepEqual(await problems(), []);
  assert.deepEqual([...(await postgresBooks(pool).openMonths([sampleFact()]))], [], "it is never opened again");
  assert.equal(await months.rebuildSums("2024-11-01"), false);
  const young = "SELECT ledger.drop_month(date_trunc('month', now() - interval '2 months')::date)";
  await assert.rejects(pool.query(young), /younger than 13 months/);
  await owner.query(
    "UPDATE ledger.month SET dropped_at = NULL; SELECT ledger.open_months(ARRAY['2024-11-01']::date[])",
  );
});

test("sums are of one organisation where one asks", async () => {
  const { attribution } = sampleFact();
  await book(
    sampleFact(),
    sampleFact({ ...sampleRequest(1), attribution: { ...attribution, organisationId: "other" } }),
  );
  assert.equal(BigInt((await months.list("other"))[0]?.costPicoUsd ?? 0), COST);
  assert.equal(BigInt((await months.list(""))[0]?.costPicoUsd ?? 0), 2n * COST);
});

/** As if it had been booked so many days ago. */
async function bookDaysAgo(days: number, ...facts: UsageFact[]): Promise<void> {
  await book(...facts);
  const ids = facts.map(({ requestId }) => requestId);
  await owner.query(
    "UPDATE ledger.entry SET posted_at = now() - make_interval(days => $1) WHERE request_id = ANY ($2)",
    [days, ids],
  );
}

test("each day that is over has a link of the chain, once, whoever makes it; today has none", async () => {
  await bookDaysAgo(3, sampleFact());
  await bookDaysAgo(1, sampleFact(sampleRequest(1)), sampleFact(sampleRequest(2)));
  await book(sampleFact(sampleRequest(3)));
  const made = (await Promise.all([checkpoints.seal(), postgresCheckpoints(pool).seal()])).flat();
  made.push(...(await checkpoints.seal()));
  assert.deepEqual(
    made.map(({ months: of }) => of["2024-11-01"]?.entries ?? 0),
    [1, 0, 2],
  );
  assert.deepEqual(
    made.map(({ previous }) => previous),
    ["", made[0]?.digest, made[1]?.digest],
  );
  assert.deepEqual(await problems(), []);
  assert.equal((await months.verify("2024-11-01")).entries, 4n);
});

test("what was changed under a checkpoint is found, and so is a chain that was made to fit", async () => {
  await bookDaysAgo(2, sampleFact());
  await bookDaysAgo(1, sampleFact(sampleRequest(1)));
  await checkpoints.seal();
  await owner.query("UPDATE ledger.entry SET input_tokens = 0 WHERE request_id = $1", [sampleFact().requestId]);
  assert.ok((await problems()).includes("M16 the entries of a day are not those of its checkpoint"));
  await owner.query("DELETE FROM ledger.entry WHERE request_id = $1", [sampleFact().requestId]);
  assert.ok((await problems()).includes("M16 the entries of a day are not those of its checkpoint"));
  await owner.query("UPDATE ledger.checkpoint SET months = '{}' WHERE day = (SELECT min(day) FROM ledger.checkpoint)");
  assert.ok((await problems()).includes("M16 the chain of checkpoints is broken"));
});

test("a checkpoint of a month that was dropped still links the others", async () => {
  await bookDaysAgo(2, sampleFact());
  await checkpoints.seal();
  await close(NOVEMBER_2024);
  await pool.query("SELECT ledger.drop_month('2024-11-01')");
  assert.deepEqual(await problems(), []);
  await owner.query(
    "UPDATE ledger.month SET dropped_at = NULL; SELECT ledger.open_months(ARRAY['2024-11-01']::date[])",
  );
});
