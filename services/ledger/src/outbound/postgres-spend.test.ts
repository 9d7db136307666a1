// What was spent, asked on a real database.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseUsd } from "@waybill/domain";
import { openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { GetSpendRequest, type GetSpendResponse } from "@waybill/wire";
import { planEntries } from "../core/plan-entries.ts";
import { sampleFact, sampleRequest } from "../core/sample-fact.test.ts";
import { readSpendRequest } from "../inbound/read-spend-request.ts";
import { postgresBooks } from "./postgres-books.ts";
import { postgresSpend } from "./postgres-spend.ts";

let database: TestDatabase;
let pool: Pool;

const HOUR_MS = 3_600_000;
const { requestedAtMs: FIRST_MS } = sampleFact();
const DAY = "2024-11-15";
const AROUND = { fromMs: BigInt(FIRST_MS - 24 * HOUR_MS), untilMs: BigInt(FIRST_MS + 72 * HOUR_MS) };

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 2 });
  const { attribution } = sampleFact();
  const real = { simulated: false, durationMs: 100 };
  const facts = [
    sampleFact({ ...real }),
    sampleFact({ ...real, ...sampleRequest(HOUR_MS), durationMs: 300 }),
    sampleFact({
      ...real,
      ...sampleRequest(24 * HOUR_MS),
      attribution: { ...attribution, teamId: "sales", teamName: "Sales" },
    }),
    sampleFact({ ...real, attempt: 2, outcome: "unknown", tokenSource: "worst_case", costPicoUsd: parseUsd("0.5") }),
    sampleFact({ ...real, ...sampleRequest(7), model: "dear", priced: false, costPicoUsd: 0n }),
    sampleFact({ ...real, ...sampleRequest(8), attribution: { ...attribution, organisationId: "other" } }),
    sampleFact({ ...sampleRequest(9), costPicoUsd: parseUsd("100") }),
  ];
  const books = postgresBooks(pool);
  await books.openMonths(facts);
  await books.transact(async (open) => open.add(planEntries(await open.recordsOf(facts), facts)));
});
after(async () => {
  await pool.end();
  await database.stop();
});

function ask(request: Partial<GetSpendRequest>): Promise<GetSpendResponse> {
  const whole = GetSpendRequest.fromPartial({ organisationId: "acme", ...AROUND, ...request });
  return postgresSpend(pool).sum(readSpendRequest(whole, FIRST_MS));
}

const shown = ({ rows }: GetSpendResponse) => rows.map(({ values, costPicoUsd }) => [...values, BigInt(costPicoUsd)]);
const COST = parseUsd("0.0015");
const WASTED = parseUsd("0.5");

test("by team: the dearest first, with names, waste and what has no price; the total of all", async () => {
  const { rows, total } = await ask({ by: ["team"] });
  assert.deepEqual(
    rows.map(({ values, names, requests, attempts, failedAttempts, unpricedAttempts }) => ({
      ...{ values, names, counts: [requests, attempts, failedAttempts, unpricedAttempts] },
    })),
    [
      { values: ["support"], names: ["Support"], counts: [3n, 4n, 1n, 1n] },
      { values: ["sales"], names: ["Sales"], counts: [1n, 1n, 0n, 0n] },
    ],
  );
  assert.deepEqual([rows[0]?.costPicoUsd, rows[0]?.wastedCostPicoUsd], [String(2n * COST + WASTED), String(WASTED)]);
  assert.deepEqual([total?.attempts, total?.costPicoUsd], [5n, String(3n * COST + WASTED)]);
  assert.equal(total?.durationMs, 700n);
});

test("by time: in its order; by hour and by day the same in sum", async () => {
  const byHour = await ask({ by: ["hour"] });
  assert.deepEqual(
    byHour.rows.map(({ values }) => values[0]),
    [...byHour.rows.map(({ values }) => values[0])].sort(),
  );
  const byDay = await ask({ by: ["day"] });
  assert.deepEqual(shown(byDay), [
    [DAY, 2n * COST + WASTED],
    ["2024-11-16", COST],
  ]);
  assert.equal(byHour.total?.costPicoUsd, byDay.total?.costPicoUsd);
  const long = await ask({
    by: ["month"],
    fromMs: BigInt(Date.parse("2024-01-01")),
    untilMs: BigInt(Date.parse("2025-01-01")),
  });
  assert.deepEqual(shown(long), [["2024-11", 3n * COST + WASTED]]);
});

test("conditions narrow, the limit cuts and says so, the simulator is apart, another organisation is never seen", async () => {
  assert.deepEqual(shown(await ask({ by: ["model"], where: { model: "sim/dear" } })), [["sim/dear", 0n]]);
  const cut = await ask({ by: ["team"], limit: 1 });
  assert.deepEqual([cut.rows.length, cut.more, cut.total?.attempts], [1, true, 5n]);
  assert.deepEqual(shown(await ask({ by: [], simulated: true })), []);
  assert.equal((await ask({ by: [], simulated: true })).total?.costPicoUsd, String(parseUsd("100")));
  assert.deepEqual((await ask({ by: ["organisation"], organisationId: "" })).rows.length, 2);
  assert.deepEqual((await ask({ by: ["team"], where: { organisation: "other" } })).rows, []);
  assert.equal((await ask({ by: ["team"], where: { team: "nobody" } })).total?.attempts, 0n);
});

test("what cannot be asked is named", async () => {
  for (const [request, param] of [
    [{ by: ["colour"] }, "by"],
    [{ by: ["team", "team"] }, "by"],
    [{ by: ["team", "user", "key", "model", "route"] }, "by"],
    [{ by: ["hour"], fromMs: 1n, untilMs: BigInt(400 * 24 * HOUR_MS) }, "by"],
    [{ where: { hour: "x" } }, "where"],
    [{ where: { "1; DROP TABLE": "x" } }, "where"],
    [{ fromMs: 10n ** 12n, untilMs: 10n ** 11n }, "from"],
  ] as const) {
    await assert.rejects(async () => ask(request as unknown as Partial<GetSpendRequest>), {
      code: "invalid_value",
      param,
    });
  }
});
