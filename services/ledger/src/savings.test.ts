// Savings on a real PostgreSQL: what was spent beside a declared baseline, exactly; what is not compared is counted apart; what was
// stated for a day stays stated.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { costOf, NO_TOKENS, type Price, parseUsd, type TokenUsage, WaybillError } from "@waybill/domain";
import { connectOnce, openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import fc from "fast-check";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { type DeclareBaseline, declareBaseline } from "./declare-baseline.ts";
import { postgresBaselines } from "./outbound/postgres-baselines.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import { postgresSavings } from "./outbound/postgres-savings.ts";
import type { Books } from "./ports.ts";
import { recordUsage } from "./record-usage.ts";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let finance: Awaited<ReturnType<typeof connectOnce>>;
let pool: Pool;
let books: Books;

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  finance = await connectOnce(database.urlAs("finance_reader"), "test-finance");
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 4 });
  books = postgresBooks(pool);
});
after(async () => {
  await pool.end();
  await finance.end();
  await owner.end();
  await database.stop();
});
beforeEach(async () => {
  await owner.query(
    `TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month,
       ledger.baseline, ledger.baseline_rate, ledger.quality_figure`,
  );
});

async function book(...facts: UsageFact[]): Promise<void> {
  const report = await recordUsage(
    {
      readFact: (data) => {
        const fact = facts[data[0] ?? 0];
        return fact ? { kind: "fact", fact } : { kind: "poison", reason: "no such fact" };
      },
      books,
      park: async (_, reason) => assert.fail(reason),
      failpoint: () => undefined,
      monotonicMs: () => performance.now(),
    },
    facts.map((_, index) => ({ data: Uint8Array.of(index), subject: "s", traceparent: "" })),
  );
  assert.equal(report.parked, 0);
}

const priceOf = (version: string, input: bigint, cached: bigint, output: bigint): Price => ({
  version,
  tiers: [
    {
      aboveInputTokens: 0n,
      rates: {
        ...{ input, cachedInput: cached, cacheWrite5m: input + 1_000_000n, cacheWrite1h: input * 2n },
        ...{ output, reasoningOutput: output },
      },
    },
  ],
  perRequestPicoUsd: 0n,
});
/** In USD per million tokens: 1, 0.5 and 2; and ten times as much. */
const SMALL = priceOf("small-1", 1_000_000n, 500_000n, 2_000_000n);
const BIG = priceOf("big-1", 10_000_000n, 5_000_000n, 20_000_000n);

const DAY = "2024-11-15";
/** As if long ago: the tests' books are of 2024, and a test declares as somebody did then. */
async function declareThen(wish: Partial<DeclareBaseline>, fromDay = "2024-01-01"): Promise<void> {
  const ports = postgresBaselines(pool);
  await declareBaseline(
    {
      whileNobodyDeclares: (work) =>
        ports.whileNobodyDeclares((books) => work({ ...books, times: { today: fromDay, closedMonth: undefined } })),
    },
    wished(wish),
  );
}

const always = (model: string, price: Price) => ({ model, prices: [{ effectiveFromMs: 0, price }] });

function wished(changes: Partial<DeclareBaseline>): DeclareBaseline {
  return {
    ...{ organisationId: "acme", route: "", kind: "model", fromDay: "", routeVersion: 0, by: "Ada", reason: "agreed" },
    models: [always("openai/big", BIG)],
    ...changes,
  };
}

let requests = 0;
/** A request of the route `support` that a small model answered. */
function attempt(tokens: Partial<TokenUsage>, changes: Partial<UsageFact> = {}, at = `${DAY}T10:00:00Z`): UsageFact {
  const used = { ...NO_TOKENS, ...tokens };
  const tier = SMALL.tiers[0];
  assert.ok(tier);
  requests += 1;
  return sampleFact({
    ...sampleRequest(Date.parse(at) + (requests % 3_000_000) - sampleRequest(0).requestedAtMs),
    ...{ provider: "openai", model: "small", simulated: false, tokens: used, route: "support", routeVersion: 2 },
    price: { version: "small-1", tier, perRequestPicoUsd: 0n },
    costPicoUsd: costOf(used, SMALL),
    ...changes,
  });
}

const FAILED = { outcome: "failed_billed" } as const;
const KEPT: Partial<UsageFact> = {
  ...{ attempt: 0, source: "ingress", tokenSource: "none", tokens: { ...NO_TOKENS }, costPicoUsd: 0n },
  evidenceJson: JSON.stringify({ kept_answer: { of_request: "x", saved_usd: "0.25" } }),
};
const UNPRICED: Partial<UsageFact> = { priced: false, price: undefined, costPicoUsd: 0n };
/** 1000 tokens in, of them 400 cached, and 100 out: 0.001 USD at the small one, 0.01 at the big one. */
const USUAL = { input: 1_000n, cachedInput: 400n, output: 100n };

const COLUMNS = `comparison, baseline, baseline_model, attempts::int, answers::int, cost_usd AS cost, failed_cost_usd AS failed,
  baseline_cost_usd AS "baselineCost", saved_usd AS saved, lost_cache_reads_at_most_usd AS "lostAtMost", quality`;

async function asFinance(sql: string): Promise<Record<string, unknown>[]> {
  return (await finance.query(sql)).rows;
}

describe("against a model", () => {
  beforeEach(() => declareThen({}));

  test("the same tokens cost what the baseline's prices say, and failed attempts are spent", async () => {
    await book(attempt(USUAL), attempt(USUAL), attempt({ input: 1_000n }, { ...FAILED, attempt: 1 }));
    const [row, ...rest] = await asFinance(`SELECT ${COLUMNS} FROM finance.savings`);
    assert.deepEqual(rest, []);
    assert.deepEqual(row, {
      ...{ comparison: "compared", baseline: "openai/big (version 1)", baseline_model: "openai/big" },
      ...{ attempts: 3, answers: 2, cost: "0.003", failed: "0.001", baselineCost: "0.02", saved: "0.017" },
      // 2 × 600 tokens that were not read from a cache, at 10 less 5 USD per million.
      ...{ lostAtMost: "0.006", quality: null },
    });
  });

  test("what cost more than the baseline has saved less than nothing", async () => {
    await book(attempt(USUAL, { costPicoUsd: parseUsd("0.05") }));
    const [row] = await asFinance("SELECT saved_usd AS saved FROM finance.savings");
    assert.deepEqual(row, { saved: "-0.04" });
  });

  test("what cannot be compared is counted apart, with its cost, and never saved anything", async () => {
    await book(
      attempt(USUAL),
      attempt(USUAL, KEPT),
      attempt(USUAL, UNPRICED),
      attempt(USUAL, { route: "", requestedModel: "openai/small" }),
      attempt(USUAL, { outcome: "partial", tokenSource: "worst_case" }),
      attempt(USUAL, { attribution: { ...sampleFact().attribution, organisationId: "globex" } }),
      // Chosen, though by no route.
      attempt(USUAL, { route: "", requestedModel: "auto" }),
    );
    const rows = await asFinance(
      "SELECT comparison, attempts::int, cost_usd AS cost, saved_usd AS saved FROM finance.savings ORDER BY comparison, route",
    );
    assert.deepEqual(rows, [
      { comparison: "compared", attempts: 1, cost: "0.001", saved: "0.009" },
      { comparison: "compared", attempts: 1, cost: "0.001", saved: "0.009" },
      { comparison: "direct", attempts: 1, cost: "0.001", saved: null },
      { comparison: "kept", attempts: 1, cost: "0", saved: null },
      { comparison: "no_baseline", attempts: 1, cost: "0.001", saved: null },
      { comparison: "unmeasured", attempts: 1, cost: "0.001", saved: null },
      { comparison: "unpriced", attempts: 1, cost: null, saved: null },
    ]);
  });

  test("simulated usage has rows of its own", async () => {
    await book(attempt(USUAL), attempt(USUAL, { provider: "sim", simulated: true }));
    const rows = await asFinance("SELECT simulated, answers::int FROM finance.savings_statement ORDER BY 1");
    assert.deepEqual(rows, [
      { simulated: false, answers: 1 },
      { simulated: true, answers: 1 },
    ]);
  });

  test("the statement of a month adds up, and says what it rests on", async () => {
    await book(attempt(USUAL), attempt(USUAL), attempt({ input: 1_000n }, FAILED));
    await book(attempt(USUAL, KEPT), attempt(USUAL, UNPRICED), attempt(USUAL, { route: "", requestedModel: "small" }));
    const [row] = await asFinance(
      "SELECT *, accounting_month::text AS accounting_month FROM finance.savings_statement",
    );
    assert.deepEqual(row, {
      ...{ accounting_month: "2024-11-01", organisation: "Acme", organisation_id: "acme", simulated: false },
      ...{ baselines: "openai/big (version 1)", answers: 2n, compared_cost_usd: "0.003", failed_cost_usd: "0.001" },
      ...{ baseline_cost_usd: "0.02", routing_cost_usd: "0", saved_usd: "0.017", saved_share: "0.85" },
      ...{ lost_cache_reads_at_most_usd: "0.006", quality: null, quality_answers: 0n, kept_answers: 1n },
      ...{ not_compared_attempts: 2n, not_compared_cost_usd: "0.001", unpriced_attempts: 1n, closed: false },
    });
  });

  test("a correction of a lost attempt makes it as if it had been known at once", async () => {
    const found = attempt(USUAL);
    await book({
      ...found,
      source: "lost",
      outcome: "unknown",
      tokenSource: "worst_case",
      costPicoUsd: parseUsd("0.5"),
    });
    const before = await asFinance("SELECT sum(saved_usd)::text AS saved FROM finance.savings");
    assert.deepEqual(before, [{ saved: "-0.5" }]);
    await book(found);
    const now = await asFinance("SELECT saved_usd AS saved, answers::int FROM finance.savings_statement");
    assert.deepEqual(now, [{ saved: "0.009", answers: 1 }]);
  });
});

describe("which baseline holds", () => {
  const compared = async () =>
    (await asFinance("SELECT day::text, route, baseline FROM finance.savings ORDER BY day, route")).map(Object.values);

  test("the route's own before that of all routes, the organisation's before everyone's; none ends it", async () => {
    await declareThen({ organisationId: "", models: [always("openai/everyone", BIG)] });
    await book(attempt(USUAL), attempt(USUAL, { route: "batch" }), attempt(USUAL, { route: "old" }));
    const everyone = "openai/everyone (version 1)";
    assert.deepEqual(
      (await compared()).map(([, , baseline]) => baseline),
      [everyone, everyone, everyone],
    );
    await declareThen({});
    await declareThen({ route: "support", models: [always("openai/own", BIG)] });
    await declareThen({ route: "old", kind: "none", models: [] });
    assert.deepEqual(await compared(), [
      [DAY, "batch", "openai/big (version 1)"],
      [DAY, "old", null],
      [DAY, "support", "openai/own (version 1)"],
    ]);
    const [old] = await asFinance("SELECT comparison FROM finance.savings WHERE route = 'old'");
    assert.deepEqual(old, { comparison: "no_baseline" });
  });

  test("a later version holds from its day on, and what was stated for the days before stays", async () => {
    await declareThen({});
    await book(attempt(USUAL), attempt(USUAL, {}, "2024-11-20T00:00:00Z"));
    const stated = "SELECT * FROM finance.savings WHERE day < '2024-11-20'";
    const before = await asFinance(stated);
    await declareThen({ models: [always("openai/other", SMALL)] }, "2024-11-20");
    assert.deepEqual(await asFinance(stated), before);
    assert.deepEqual(await compared(), [
      [DAY, "support", "openai/big (version 1)"],
      ["2024-11-20", "support", "openai/other (version 2)"],
    ]);
  });

  test("its price is the one that was known for the day; a day without one is compared with nothing", async () => {
    const from = (time: string, price: Price) => ({ effectiveFromMs: Date.parse(time), price });
    const prices = [from("2024-11-15T00:00:00Z", BIG), from("2024-11-16T12:00:00Z", SMALL)];
    await declareThen({ models: [{ model: "openai/big", prices }] });
    for (const day of ["2024-11-14", "2024-11-15", "2024-11-16", "2024-11-17"]) {
      await book(attempt(USUAL, {}, `${day}T13:00:00Z`));
    }
    const rows = await asFinance(
      "SELECT day::text, comparison, baseline_cost_usd AS cost FROM finance.savings ORDER BY day",
    );
    assert.deepEqual(rows.map(Object.values), [
      ["2024-11-14", "no_baseline_price", null],
      ["2024-11-15", "compared", "0.01"],
      ["2024-11-16", "compared", "0.01"],
      ["2024-11-17", "compared", "0.001"],
    ]);
  });

  test("a change begins today, unless nothing was stated before; and no closed month gets another statement", async () => {
    const ports = postgresBaselines(pool);
    const today = new Date().toISOString().slice(0, 10);
    const month = `${today.slice(0, 7)}-01`;
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const inUse = (error: unknown) => error instanceof WaybillError && error.code === "in_use";
    const first = await declareBaseline(ports, wished({ fromDay: "2025-01-01" }));
    assert.deepEqual([first.version, first.fromDay], [1, "2025-01-01"]);
    await assert.rejects(declareBaseline(ports, wished({ fromDay: yesterday })), inUse);
    const second = await declareBaseline(ports, wished({}));
    assert.deepEqual([second.version, second.fromDay], [2, today]);
    await owner.query(
      `INSERT INTO ledger.closed_month (month, closed_by, reason, requests, attempts, unpriced_attempts, cost_usd)
       VALUES ($1::date - interval '1 month', 'test', 'over', 0, 0, 0, 0)`,
      [month],
    );
    const globex = { organisationId: "globex", fromDay: "2025-01-01" };
    await assert.rejects(declareBaseline(ports, wished(globex)), inUse);
    const listed = await ports.list("acme");
    assert.deepEqual(
      listed.map(({ version, holds, fromDay }) => [version, holds, fromDay]),
      [
        [2, true, today],
        [1, false, "2025-01-01"],
      ],
    );
    assert.equal(listed[0]?.rates[0]?.rates?.input, 10_000_000n);
  });

  test("a model without a price cannot be declared, and nothing is added", async () => {
    const unpriced = wished({ models: [{ model: "openai/secret", prices: [] }] });
    await assert.rejects(declareBaseline(postgresBaselines(pool), unpriced), /has no price/);
    assert.deepEqual(await postgresBaselines(pool).list(""), []);
  });
});

describe("against the costliest candidate of a route", () => {
  /** Cheaper input, dearer output than the big one. */
  const WORDY = priceOf("wordy-1", 2_000_000n, 1_000_000n, 100_000_000n);

  test("each sum is compared with the candidate that is costliest for it", async () => {
    const models = [always("openai/small", SMALL), always("openai/big", BIG), always("openai/wordy", WORDY)];
    await declareThen({ route: "support", kind: "costliest_candidate", routeVersion: 2, models });
    await book(attempt({ input: 1_000n }), attempt({ input: 10n, output: 1_000n }, {}, "2024-11-16T00:00:00Z"));
    const rows = await asFinance(
      "SELECT baseline, baseline_model AS model, baseline_cost_usd AS cost FROM finance.savings ORDER BY day",
    );
    assert.deepEqual(rows, [
      { baseline: "costliest candidate of support (version 1)", model: "openai/big", cost: "0.01" },
      { baseline: "costliest candidate of support (version 1)", model: "openai/wordy", cost: "0.10002" },
    ]);
  });

  test("candidates without a price are named, and compared with nothing", async () => {
    const models = [always("openai/big", BIG), { model: "openai/secret", prices: [] }];
    await declareThen({ route: "support", kind: "costliest_candidate", routeVersion: 2, models });
    const [listed] = await postgresBaselines(pool).list("acme");
    assert.deepEqual(listed?.unpricedModels, ["openai/secret"]);
  });
});

describe("quality", () => {
  const figure = (quality: number, changes: Record<string, unknown> = {}) => {
    const row = {
      ...{ organisation_id: "acme", route: "support", baseline_model: "openai/big", from_day: "2024-11-01" },
      ...{ until_day: "2024-12-01", quality, answers: 200, method: "judged", recorded_by: "Ada" },
      ...changes,
    };
    const names = Object.keys(row);
    return owner.query(
      `INSERT INTO ledger.quality_figure (${names}) VALUES (${names.map((_, index) => `$${index + 1}`)})`,
      Object.values(row),
    );
  };

  test("stands beside what was saved where it was measured, the latest figure, and only against that model", async () => {
    await declareThen({});
    await book(attempt(USUAL), attempt(USUAL, { route: "batch" }), attempt(USUAL, { route: "batch" }));
    await figure(0.5);
    await figure(0.97);
    await figure(0.1, { baseline_model: "openai/other" });
    await figure(0.2, { until_day: "2024-11-15" });
    const rows = await asFinance("SELECT route, quality FROM finance.savings ORDER BY route");
    assert.deepEqual(rows, [
      { route: "batch", quality: null },
      { route: "support", quality: "0.97" },
    ]);
    const [month] = await asFinance("SELECT quality, quality_answers::int FROM finance.savings_statement");
    assert.deepEqual(month, { quality: "0.97", quality_answers: 1 });
    await figure(0.91, { route: "batch" });
    const [both] = await asFinance("SELECT quality, quality_answers::int FROM finance.savings_statement");
    assert.deepEqual(both, { quality: "0.93", quality_answers: 3 });
  });
});

describe("as the service tells it", () => {
  const asked = { organisationId: "acme", month: "2024-11-01", by: "route", isSimulated: false } as const;

  test("a month by route, the most saved first, and its total; without a baseline nothing is said to be saved", async () => {
    await book(attempt(USUAL));
    const none = await postgresSavings(pool).sum(asked);
    assert.deepEqual([none.total?.savedPicoUsd, none.total?.answers, none.baselines], ["", 0n, []]);
    assert.deepEqual(none.total?.notCompared, [{ why: "no_baseline", attempts: 1n, costPicoUsd: "1000000000" }]);
    await declareThen({});
    await book(attempt(USUAL, { route: "batch" }), attempt(USUAL, { route: "batch" }), attempt(USUAL, KEPT));
    const { rows, total, baselines, closed } = await postgresSavings(pool).sum(asked);
    assert.deepEqual(
      rows.map(({ value, answers, savedPicoUsd }) => [value, answers, savedPicoUsd]),
      [
        ["batch", 2n, "18000000000"],
        ["support", 1n, "9000000000"],
      ],
    );
    assert.deepEqual([total?.answers, total?.savedPicoUsd, total?.keptAnswers], [3n, "27000000000", 1n]);
    assert.deepEqual([baselines, closed], [["openai/big (version 1)"], false]);
    const empty = await postgresSavings(pool).sum({ ...asked, month: "2023-01-01" });
    assert.deepEqual([empty.rows, empty.total?.savedPicoUsd], [[], ""]);
  });

  test("one request, attempt by attempt, with the tier of its own input", async () => {
    const [tier] = BIG.tiers;
    assert.ok(tier);
    const dear = { aboveInputTokens: 500n, rates: { ...tier.rates, input: 20_000_000n } };
    await declareThen({ models: [always("openai/big", { ...BIG, tiers: [tier, dear] })] });
    const failed = attempt({}, { outcome: "failed_billed", costPicoUsd: 1_000_000n });
    const answered = {
      ...attempt(USUAL),
      requestId: failed.requestId,
      requestedAtMs: failed.requestedAtMs,
      attempt: 2,
    };
    await book(failed, answered);
    const found = await postgresSavings(pool).ofRequest(failed.requestId, "2024-11-01", "acme");
    assert.deepEqual(
      found.map((one) => [one.attempt, one.comparison, one.baselineModel, one.baselineCostPicoUsd, one.savedPicoUsd]),
      [
        [1, "compared", "openai/big", "0", "-1000000"],
        [2, "compared", "openai/big", "16000000000", "15000000000"],
      ],
    );
    assert.deepEqual(await postgresSavings(pool).ofRequest(failed.requestId, "2024-11-01", "globex"), []);
  });

  test("an answer that was kept says what it saved", async () => {
    const kept = attempt(USUAL, KEPT);
    await book(kept);
    const [found] = await postgresSavings(pool).ofRequest(kept.requestId, "2024-11-01", "");
    assert.deepEqual(
      [found?.comparison, found?.keptAnswerSavedPicoUsd, found?.savedPicoUsd],
      ["kept", "250000000000", ""],
    );
  });
});

test("whatever is booked: requests add up to the sums, every attempt is in one row, and the cost is that of the books", async () => {
  const tokens = fc.tuple(...Array.from({ length: 6 }, () => fc.integer({ min: 0, max: 3_000 }))).map(
    ([plain = 0, cached = 0, write5m = 0, write1h = 0, output = 0, reasoning = 0]): TokenUsage => ({
      ...{ input: BigInt(plain + cached + write5m + write1h), cachedInput: BigInt(cached) },
      ...{ cacheWrite5m: BigInt(write5m), cacheWrite1h: BigInt(write1h) },
      ...{ output: BigInt(output + reasoning), reasoningOutput: BigInt(reasoning) },
    }),
  );
  const one = fc.record({
    tokens,
    ending: fc.constantFrom<Partial<UsageFact>>({}, { outcome: "partial" }, FAILED, KEPT, UNPRICED),
    route: fc.constantFrom("support", "batch", "old", ""),
    organisationId: fc.constantFrom("acme", "globex"),
    day: fc.constantFrom("2024-11-15", "2024-11-16"),
    wasLost: fc.boolean(),
  });
  await declareThen({ models: [always("openai/big", { ...BIG, perRequestPicoUsd: 123_456n })] });
  await declareThen({ route: "old", kind: "none", models: [] });
  await declareThen({ models: [always("openai/other", SMALL)] }, "2024-11-16");
  const run = fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 20 }), async (all) => {
    await owner.query("TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day");
    const facts = all.map(({ tokens: used, ending, route, organisationId, day }) => {
      const attribution = { ...sampleFact().attribution, organisationId };
      return attempt(used, { attribution, route, requestedModel: "small", ...ending }, `${day}T01:00:00Z`);
    });
    const lost = { source: "lost", outcome: "unknown", tokenSource: "worst_case", costPicoUsd: 7n } as const;
    await book(
      ...facts
        .filter((fact, index) => all[index]?.wasLost && fact.source === "worker")
        .map((fact) => ({ ...fact, ...lost })),
    );
    await book(...facts);
    const sums = `coalesce(sum(cost_usd), 0)::numeric(31, 12)::text AS cost,
      coalesce(sum(baseline_cost_usd), 0)::numeric(31, 12)::text AS baseline,
      coalesce(sum(lost_cache_reads_at_most_usd), 0)::numeric(31, 12)::text AS lost`;
    const { rows: ofAttempts } = await owner.query(
      `SELECT comparison, count(*)::int AS n, ${sums} FROM ledger.attempt_savings GROUP BY 1 ORDER BY 1`,
    );
    const ofSums = await asFinance(
      `SELECT comparison, sum(attempts)::int AS n, ${sums} FROM finance.savings GROUP BY 1 ORDER BY 1`,
    );
    assert.deepEqual(ofSums, ofAttempts);
    const { rows: booked } = await owner.query(
      "SELECT count(*)::int AS n, coalesce(sum(cost_usd), 0)::numeric(31, 12)::text AS cost FROM ledger.attempt",
    );
    const [stated] = await asFinance(
      "SELECT sum(attempts)::int AS n, coalesce(sum(cost_usd), 0)::numeric(31, 12)::text AS cost FROM finance.savings",
    );
    assert.deepEqual(stated, booked[0]);
  });
  await fc.assert(run, { numRuns: 12 });
});
