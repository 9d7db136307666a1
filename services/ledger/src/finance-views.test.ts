// What finance reads, on a real PostgreSQL: exact figures of a few attempts of every kind, and of random ones the same sums in every view.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, describe, test } from "node:test";
import { costOf, NO_TOKENS, type Price, type TokenUsage } from "@waybill/domain";
import { connectOnce, openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import fc from "fast-check";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { FactPrice, UsageFact } from "./core/usage-fact.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import type { Books } from "./ports.ts";
import { recordUsage } from "./record-usage.ts";

const VIEWS = [
  ...["cost_by_day", "month_statement", "unallocated", "wasted", "unit_cost", "top_movers", "cache_use", "focus_1_4"],
  ...["savings", "savings_statement", "budget_against_actual"],
] as const;

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

async function emptyBooks(): Promise<void> {
  await owner.query(
    "TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month",
  );
}

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

/** As `waybill ledger close` does it. */
async function close(month: string): Promise<void> {
  await owner.query(
    `INSERT INTO ledger.closed_month (month, closed_by, reason, requests, attempts, unpriced_attempts, cost_usd)
     SELECT $1::date, 'test', 'over', coalesce(sum(requests), 0), coalesce(sum(attempts), 0), coalesce(sum(unpriced_attempts), 0),
       coalesce(sum(cost_usd), 0) FROM ledger.usage_day WHERE accounting_month = $1::date`,
    [month],
  );
}

/** As finance_reader. */
async function ask<R = Record<string, unknown>>(sql: string): Promise<R[]> {
  return (await finance.query(sql)).rows as R[];
}

async function noProblem(): Promise<void> {
  assert.deepEqual((await owner.query("SELECT * FROM ledger.problem")).rows, []);
}

// Facts -------------------------------------------------------------------------------------------------------------------

const rates = (input: bigint, cached: bigint, write5m: bigint, write1h: bigint, output: bigint) => ({
  ...{ input, cachedInput: cached, cacheWrite5m: write5m, cacheWrite1h: write1h, output, reasoningOutput: output },
});
const ECONOMY: Price = {
  version: "v1",
  tiers: [{ aboveInputTokens: 0n, rates: rates(15_000_000n, 5_000_000n, 20_000_000n, 30_000_000n, 20_000_000n) }],
  perRequestPicoUsd: 0n,
};
/** Twice as dear above 1000 tokens of input, and a cent for each request. */
const PREMIUM: Price = {
  version: "v2",
  tiers: [
    { aboveInputTokens: 0n, rates: rates(30_000_000n, 3_000_000n, 37_500_000n, 60_000_000n, 150_000_000n) },
    { aboveInputTokens: 1_000n, rates: rates(60_000_000n, 6_000_000n, 75_000_000n, 120_000_000n, 300_000_000n) },
  ],
  perRequestPicoUsd: 10_000_000_000n,
};
const PRICES = { economy: ECONOMY, premium: PREMIUM };
const SUPPORT = sampleFact().attribution;
const RESEARCH = { ...SUPPORT, teamId: "research", teamName: "Research", costCentre: "" };

function heldPrice(price: Price, input: bigint): FactPrice {
  const tier = price.tiers.findLast(({ aboveInputTokens }, index) => index === 0 || input > aboveInputTokens);
  return { version: price.version, tier, perRequestPicoUsd: price.perRequestPicoUsd };
}

/** A real attempt of some tokens, which costs what they cost. */
function attempt(at: string, tokens: Partial<TokenUsage>, changes: Partial<UsageFact> = {}): UsageFact {
  const model = changes.model === "premium" ? "premium" : "economy";
  const used = { ...NO_TOKENS, ...tokens };
  return sampleFact({
    ...sampleRequest(Date.parse(at) - sampleRequest(0).requestedAtMs),
    ...{ provider: "openai", simulated: false, tokens: used, attribution: SUPPORT },
    price: heldPrice(PRICES[model], used.input),
    costPicoUsd: costOf(used, PRICES[model]),
    ...changes,
  });
}

const USUAL = { input: 100n, cachedInput: 40n, output: 20n, reasoningOutput: 5n };
const PLAIN = { input: 100n };
const LOST: Partial<UsageFact> = {
  ...{ source: "lost", outcome: "unknown", tokenSource: "worst_case", costPicoUsd: 9_000_000_000n },
};
const FAILED_FREE: Partial<UsageFact> = { outcome: "failed_free", tokenSource: "none", costPicoUsd: 0n };
const PREMIUM_RESEARCH: Partial<UsageFact> = { model: "premium", attribution: RESEARCH };

/** Two teams, two models, and every way an attempt can end; October is closed in between. */
async function bookTwoMonths(): Promise<void> {
  const lost = "2024-10-30T11:00:00Z";
  await book(attempt("2024-10-30T10:00:00Z", USUAL), attempt(lost, { input: 500n, output: 100n }, LOST));
  await close("2024-10-01");
  await book(attempt("2024-10-31T23:59:59.999Z", USUAL), attempt(lost, USUAL));
  const written = { input: 1_000n, cachedInput: 100n, cacheWrite5m: 200n, cacheWrite1h: 100n, output: 50n };
  await book(
    attempt("2024-11-15T01:00:00Z", USUAL),
    attempt("2024-11-15T02:00:00Z", { input: 500n, output: 100n }, LOST),
    attempt("2024-11-15T03:00:00Z", {}, FAILED_FREE),
    attempt("2024-11-15T03:00:00Z", { input: 10n, output: 10n }, { attempt: 2, model: "premium" }),
    attempt("2024-11-15T04:00:00Z", USUAL, { provider: "sim", simulated: true }),
    attempt("2024-11-15T05:00:00Z", { ...written, reasoningOutput: 30n }, PREMIUM_RESEARCH),
    attempt("2024-11-15T06:00:00Z", { input: 2_000n }, { ...PREMIUM_RESEARCH, route: "fast", routeVersion: 3 }),
    attempt("2024-11-15T07:00:00Z", PLAIN, { ...PREMIUM_RESEARCH, priced: false, costPicoUsd: 0n, price: undefined }),
    attempt("2024-11-15T08:00:00Z", PLAIN, { ...PREMIUM_RESEARCH, outcome: "failed_billed" }),
  );
  await noProblem();
}

describe("two months of two teams", () => {
  before(async () => {
    await emptyBooks();
    await bookTwoMonths();
  });

  test("cost_by_day has all that cost can be grouped by", async () => {
    const [written] = await ask(
      "SELECT *, day::text, accounting_month::text FROM finance.cost_by_day WHERE cache_write_5m_tokens > 0",
    );
    assert.deepEqual(written, {
      ...{ day: "2024-11-15", accounting_month: "2024-11-01", organisation: "Acme", organisation_id: "acme" },
      ...{ cost_centre: null, team: "Research", team_id: "research", user_name: "Ada", user_id: "ada" },
      ...{ key_name: "laptop", key_id: "k1", environment: null, route: null, route_version: null },
      ...{ provider: "openai", account: "default", model: "premium", simulated: false, outcome: "success" },
      ...{ requested_model: "economy", token_source: "provider", price_version: "v2" },
      ...{ requests: 1n, attempts: 1n, input_tokens: 1_000n, cached_input_tokens: 100n, cache_write_5m_tokens: 200n },
      ...{ cache_write_1h_tokens: 100n, output_tokens: 50n, reasoning_tokens: 30n },
      ...{ cost_usd: "0.0493", estimated_cost_usd: "0", unpriced_attempts: 0n },
    });
    // The attempt that has no price beside it: its tokens count, its cost is not known.
    assert.deepEqual(
      await ask(
        "SELECT model, attempts, input_tokens, cost_usd, estimated_cost_usd FROM finance.cost_by_day WHERE unpriced_attempts > 0",
      ),
      [{ model: "premium", attempts: 1n, input_tokens: 100n, cost_usd: null, estimated_cost_usd: "0" }],
    );
    const days = await ask(
      `SELECT day::text, accounting_month::text AS booked, outcome, sum(attempts)::int AS attempts, sum(cost_usd)::text AS cost
       FROM finance.cost_by_day WHERE day < '2024-11-01' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    assert.deepEqual(days, [
      { day: "2024-10-30", booked: "2024-10-01", outcome: "success", attempts: 1, cost: "0.0015" },
      { day: "2024-10-30", booked: "2024-10-01", outcome: "unknown", attempts: 1, cost: "0.009" },
      { day: "2024-10-30", booked: "2024-11-01", outcome: "success", attempts: 1, cost: "0.0015" },
      { day: "2024-10-30", booked: "2024-11-01", outcome: "unknown", attempts: -1, cost: "-0.009" },
      { day: "2024-10-31", booked: "2024-11-01", outcome: "success", attempts: 1, cost: "0.0015" },
    ]);
  });

  test("month_statement says what each cost centre owes, and what of it served", async () => {
    const statement = await ask(
      `SELECT accounting_month::text AS month, cost_centre AS centre, simulated AS sim, requests::int, attempts::int, cost_usd AS cost,
         served_cost_usd AS served, wasted_cost_usd AS wasted, estimated_cost_usd AS estimated, unpriced_attempts::int AS unpriced,
         late_cost_usd AS late, closed, closed_at IS NOT NULL AS since
       FROM finance.month_statement ORDER BY 1, 2, 3`,
    );
    const october = { month: "2024-10-01", closed: true, since: true };
    const november = { month: "2024-11-01", closed: false, since: false };
    const none = { wasted: "0", estimated: "0", unpriced: 0, late: "0" };
    const money = (cost: string, served: string) => ({ cost, served });
    assert.deepEqual(statement, [
      {
        ...{ ...october, ...none, centre: "4711", sim: false, requests: 2, attempts: 2 },
        ...{ ...money("0.0105", "0.0015"), wasted: "0.009", estimated: "0.009" },
      },
      {
        ...{ ...november, ...none, centre: "4711", sim: false, requests: 4, attempts: 5 },
        // What was lost in October and found in November takes back what October was charged for it.
        ...{ ...money("0.0163", "0.0163"), late: "-0.006" },
      },
      { ...november, ...none, centre: "4711", sim: true, requests: 1, attempts: 1, ...money("0.0015", "0.0015") },
      {
        ...{ ...november, ...none, centre: "Unallocated", sim: false, requests: 4, attempts: 4 },
        ...{ ...money("0.1923", "0.1793"), wasted: "0.013", unpriced: 1 },
      },
    ]);
  });

  test("unallocated is the share that no cost centre carries", async () => {
    const found = await ask(
      `SELECT accounting_month::text AS month, simulated AS sim, cost_usd AS cost, allocated_cost_usd AS allocated,
         unallocated_cost_usd AS rest, unallocated_share AS share, unpriced_attempts AS unpriced FROM finance.unallocated ORDER BY 1, 2`,
    );
    assert.deepEqual(found, [
      { month: "2024-10-01", sim: false, cost: "0.0105", allocated: "0.0105", rest: "0", share: "0", unpriced: 0n },
      {
        ...{ month: "2024-11-01", sim: false, cost: "0.2086", allocated: "0.0163", rest: "0.1923" },
        ...{ share: "0.9219", unpriced: 1n },
      },
      { month: "2024-11-01", sim: true, cost: "0.0015", allocated: "0.0015", rest: "0", share: "0", unpriced: 0n },
    ]);
  });

  test("wasted is what was paid for and served nobody, as it stands now", async () => {
    const found = await ask(
      "SELECT day::text, team, model, outcome, attempts, cost_usd FROM finance.wasted ORDER BY team",
    );
    assert.deepEqual(found, [
      {
        day: "2024-11-15",
        team: "Research",
        model: "premium",
        outcome: "failed_billed",
        attempts: 1n,
        cost_usd: "0.013",
      },
      { day: "2024-11-15", team: "Support", model: "economy", outcome: "unknown", attempts: 1n, cost_usd: "0.009" },
    ]);
  });

  test("unit_cost divides by requests and by whole answers, and never by nothing", async () => {
    const found = await ask<Record<string, unknown>>(
      `SELECT accounting_month::text AS month, team, route, model, requests, successful_attempts AS answers, cost_usd AS cost,
         usd_per_request AS each, usd_per_1000_successful AS thousand FROM finance.unit_cost WHERE NOT simulated
       ORDER BY 1, 2, 4, 3 NULLS FIRST`,
    );
    assert.deepEqual(found.map(Object.values), [
      ["2024-10-01", "Support", null, "economy", 2n, 1n, "0.0105", "0.00525", "10.5"],
      ["2024-11-01", "Research", null, "premium", 3n, 2n, "0.0623", "0.020766667", "31.15"],
      ["2024-11-01", "Research", "fast", "premium", 1n, 1n, "0.13", "0.13", "130"],
      ["2024-11-01", "Support", null, "economy", 4n, 3n, "0.0045", "0.001125", "1.5"],
      ["2024-11-01", "Support", null, "premium", 0n, 1n, "0.0118", null, "11.8"],
    ]);
  });

  test("cache_use sets what reads save against what writes cost", async () => {
    const found = await ask(
      `SELECT day::text, team, model, cached_input_tokens::int AS cached, cache_write_tokens::int AS written, input_tokens::int AS input,
         cached_share AS share, cached_reads_save_usd AS reads, cache_writes_cost_usd AS writes, saved_usd AS saved
       FROM finance.cache_use WHERE NOT simulated AND (cached_input_tokens > 0 OR cache_write_tokens > 0) ORDER BY 1, 2`,
    );
    assert.deepEqual(found.map(Object.values), [
      ["2024-10-30", "Support", "economy", 80, 0, 200, "0.4", "0.0008", "0", "0.0008"],
      ["2024-10-31", "Support", "economy", 40, 0, 100, "0.4", "0.0004", "0", "0.0004"],
      ["2024-11-15", "Research", "premium", 100, 300, 3100, "0.0323", "0.0027", "0.0045", "-0.0018"],
      ["2024-11-15", "Support", "economy", 40, 0, 100, "0.4", "0.0004", "0", "0.0004"],
    ]);
  });

  test("focus_1_4 has a row for each kind of token, one for requests, and one for what nobody measured", async () => {
    const found = await ask<Record<string, unknown>>(
      `SELECT "SkuPriceId", "SkuMeter", "ConsumedQuantity"::text, "PricingQuantity"::text, "ListUnitPrice"::text, "ListCost"::text
       FROM finance.focus_1_4 WHERE "SubAccountId" = 'acme/research' ORDER BY "SkuPriceId" COLLATE "C"`,
    );
    const sku = (name: string) => `openai/premium/${name}@v2`;
    assert.deepEqual(found.map(Object.values), [
      [sku("Cache Read Input Tokens"), "Cache Read Input Tokens", "100", "0.0001", "3", "0.0003"],
      [sku("Cache Write 1h Input Tokens"), "Cache Write Input Tokens", "100", "0.0001", "60", "0.006"],
      [sku("Cache Write 5m Input Tokens"), "Cache Write Input Tokens", "200", "0.0002", "37.5", "0.0075"],
      [sku("Input Tokens"), "Input Tokens", "700", "0.0007", "30", "0.021"],
      [sku("Input Tokens>1000").replace(">1000@v2", "@v2>1000"), "Input Tokens", "2000", "0.002", "60", "0.12"],
      [sku("Output Tokens"), "Output Tokens", "20", "0.00002", "150", "0.003"],
      [sku("Reasoning Output Tokens"), "Output Tokens", "30", "0.00003", "150", "0.0045"],
      [sku("Requests"), "Requests", "2", "2", "0.01", "0.02"],
      [sku("Requests>1000").replace(">1000@v2", "@v2>1000"), "Requests", "1", "1", "0.01", "0.01"],
    ]);
    const rest = await ask(
      `SELECT "ChargePeriodStart"::date::text AS day, "ChargeClass", "BilledCost"::text, "ConsumedQuantity", "SkuPriceId", "ListUnitPrice"
       FROM finance.focus_1_4 WHERE "ChargeCategory" = 'Adjustment' ORDER BY "BillingPeriodStart", 1`,
    );
    const unknown = { ConsumedQuantity: null, SkuPriceId: null, ListUnitPrice: null };
    assert.deepEqual(rest, [
      { day: "2024-10-30", ChargeClass: null, BilledCost: "0.009", ...unknown },
      { day: "2024-10-30", ChargeClass: "Correction", BilledCost: "-0.009", ...unknown },
      { day: "2024-11-15", ChargeClass: null, BilledCost: "0.009", ...unknown },
    ]);
  });

  test("focus_1_4 says what a tool for FOCUS must find, and nothing of the simulator", async () => {
    await checkFocus();
    const [row] = await ask(
      `SELECT "BillingAccountId", "SubAccountName", "ResourceId", "SkuPriceDetails", "Tags", "x_RouteVersion", "BillingPeriodEnd"
       FROM finance.focus_1_4 WHERE "x_Route" = 'fast' AND "SkuMeter" = 'Input Tokens'`,
    );
    assert.deepEqual(JSON.parse(String(row?.SkuPriceDetails)), {
      ...{ ModelId: "premium", TokenDirection: "Input", TokenCacheAction: "Uncached", x_AboveInputTokens: 1_000 },
    });
    assert.deepEqual(
      { ...row, SkuPriceDetails: "" },
      {
        ...{ BillingAccountId: "openai/default", SubAccountName: "Research", ResourceId: "fast", SkuPriceDetails: "" },
        ...{ Tags: "{}", x_RouteVersion: 3n, BillingPeriodEnd: new Date("2024-12-01T00:00:00Z") },
      },
    );
    assert.deepEqual(await ask(`SELECT DISTINCT "Tags" FROM finance.focus_1_4 WHERE "SubAccountId" = 'acme/support'`), [
      { Tags: '{"cost_centre": "4711"}' },
    ]);
  });

  test("every view adds up to the books", checkSums);

  test("every statement of docs/finance.md runs", async () => {
    const page = await readFile(new URL("../../../docs/finance.md", import.meta.url), "utf8");
    const statements = [...page.matchAll(/^npm run -s sql -- (?:--json |--csv )?"((?:\\.|[^"\\])*)"(?: > \S+)?$/gm)];
    assert.ok(statements.length >= 10);
    assert.equal(statements.length, page.match(/npm run -s sql/g)?.length, "each is a line of its own");
    for (const [, text = ""] of statements) await ask(text.replaceAll('\\"', '"'));
  });

  for (const view of VIEWS) {
    test(`finance_reader reads finance.${view} and cannot change it`, async () => {
      await finance.query(`SELECT * FROM finance.${view}`);
      // Its cost must not grow with the number of entries.
      const plan = await owner.query(`EXPLAIN SELECT * FROM finance.${view}`);
      assert.doesNotMatch(JSON.stringify(plan.rows), /\bentry/);
      await finance.query("SET default_transaction_read_only = off");
      for (const change of [`DELETE FROM finance.${view}`, `TRUNCATE finance.${view}`, `DROP VIEW finance.${view}`]) {
        await assert.rejects(finance.query(change), change);
      }
      const { rows } = await owner.query(
        "SELECT is_updatable, is_insertable_into FROM information_schema.views WHERE table_schema = 'finance' AND table_name = $1",
        [view],
      );
      assert.deepEqual(rows, [{ is_updatable: "NO", is_insertable_into: "NO" }]);
    });
  }
});

// FOCUS ---------------------------------------------------------------------------------------------------------------------

const MUST_BE_THERE = [
  ...["BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory"],
  ...[
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "HostProviderName",
    "InvoiceIssuerName",
  ],
  ...["ListCost", "ServiceCategory", "ServiceName", "ServiceProviderName"],
];
const MAY_BE_NULL = ["BillingAccountName", "ChargeClass", "ChargeDescription", "PricingQuantity", "PricingUnit"];
/** Of a row of usage that corrects nothing. */
const OF_USAGE = [
  "PricingQuantity",
  "PricingUnit",
  "ConsumedQuantity",
  "ConsumedUnit",
  "PricingCategory",
  "SkuId",
  "SkuPriceId",
];

/** Rows that break a MUST of FOCUS, each found by its own condition. */
const BREAKS: Readonly<Record<string, string>> = {
  "a column that must not be null": MUST_BE_THERE.map((column) => `"${column}" IS NULL`).join(" OR "),
  "usage without a quantity or SKU": `"ChargeCategory" = 'Usage' AND (${OF_USAGE.map((column) => `"${column}" IS NULL`).join(" OR ")})`,
  "quantities below zero that correct nothing": `"ChargeClass" IS NULL AND ("ConsumedQuantity" < 0 OR "PricingQuantity" < 0)`,
  "list price times quantity": `"ListCost" <> "ListUnitPrice" * "PricingQuantity"`,
  "contracted price times quantity": `"ContractedCost" <> "ContractedUnitPrice" * "PricingQuantity"`,
  "four costs that differ": `"BilledCost" <> "EffectiveCost" OR "BilledCost" <> "ContractedCost" OR "BilledCost" <> "ListCost"`,
  "a unit without its quantity": `("PricingUnit" IS NULL) <> ("PricingQuantity" IS NULL) OR ("ConsumedUnit" IS NULL) <> ("ConsumedQuantity" IS NULL)`,
  "another unit": `"PricingUnit" NOT IN ('1000000 Tokens', 'Requests') OR "ConsumedUnit" NOT IN ('Tokens', 'Requests')`,
  "tokens and millions of them": `"ConsumedUnit" = 'Tokens' AND "ConsumedQuantity" <> "PricingQuantity" * 1000000`,
  "another currency": `"BillingCurrency" <> 'USD'`,
  "a charge period that is no UTC day": `"ChargePeriodStart" <> date_trunc('day', "ChargePeriodStart", 'UTC') OR "ChargePeriodEnd" <> "ChargePeriodStart" + interval '24 hours'`,
  "a billing period that is no UTC month": `"BillingPeriodStart" <> date_trunc('month', "BillingPeriodStart", 'UTC')
    OR "BillingPeriodEnd" AT TIME ZONE 'UTC' <> "BillingPeriodStart" AT TIME ZONE 'UTC' + interval '1 month'`,
  "a correction that is none": `("ChargeClass" IS NOT NULL) <> ("ChargePeriodStart" < "BillingPeriodStart") OR "ChargeClass" <> 'Correction'`,
  "a value that FOCUS does not have": `"ChargeCategory" NOT IN ('Usage', 'Adjustment') OR "ServiceCategory" <> 'AI and Machine Learning'
    OR "ServiceSubcategory" <> 'Generative AI' OR "ChargeFrequency" <> 'Usage-Based' OR "PricingCategory" <> 'Standard'`,
  "details without a price": `("SkuPriceDetails" IS NULL) <> ("SkuPriceId" IS NULL)`,
  "a charge taken back that nobody made": `"ChargeCategory" = 'Adjustment' AND "ChargeClass" IS NULL AND "BilledCost" < 0`,
  "the simulator": `"ServiceProviderName" = 'sim'`,
};

async function checkFocus(): Promise<void> {
  const { fields } = await finance.query("SELECT * FROM finance.focus_1_4 LIMIT 0");
  const columns = new Set(fields.map(({ name }) => name));
  const mandatory = [...MUST_BE_THERE, ...MAY_BE_NULL];
  assert.equal(mandatory.length, 21);
  assert.deepEqual(
    mandatory.filter((column) => !columns.has(column)),
    [],
  );
  for (const [what, condition] of Object.entries(BREAKS)) {
    assert.deepEqual(await ask(`SELECT * FROM finance.focus_1_4 WHERE ${condition}`), [], what);
  }
  const twice = `SELECT "SkuPriceId", count(*) FROM finance.focus_1_4
    GROUP BY "ChargePeriodStart", "BillingPeriodStart", "BillingAccountId", "SubAccountId", "x_OrganisationId", "SkuId", "SkuPriceId",
      "ListUnitPrice", "ResourceId", "x_RouteVersion", "Tags" HAVING count(*) > 1 AND "SkuPriceId" IS NOT NULL`;
  assert.deepEqual(await ask(twice), [], "the same row twice");
}

// Sums ----------------------------------------------------------------------------------------------------------------------

/** What views are made of, by a look at every entry. */
async function sumOfEntries(condition: string): Promise<{ cost: string; attempts: bigint; unpriced: bigint }> {
  const { rows } = await owner.query<{ cost: string; attempts: bigint; unpriced: bigint }>(
    `SELECT trim_scale(coalesce(sum(cost_usd), 0))::text AS cost, coalesce(sum(sign), 0)::bigint AS attempts,
       coalesce(sum(sign) FILTER (WHERE cost_usd IS NULL), 0)::bigint AS unpriced
     FROM ledger.entry_whole WHERE ${condition}`,
  );
  assert.ok(rows[0]);
  return rows[0];
}

async function costOfView(sum: string, view: string, condition = "true"): Promise<string | undefined> {
  const [row] = await ask<{ cost: string }>(
    `SELECT trim_scale(coalesce(sum(${sum}), 0))::text AS cost FROM finance.${view} WHERE ${condition}`,
  );
  return row?.cost;
}

async function checkSums(): Promise<void> {
  for (const simulated of ["simulated", "NOT simulated"]) {
    const { cost, attempts, unpriced } = await sumOfEntries(simulated);
    for (const view of ["cost_by_day", "month_statement", "unallocated", "unit_cost"]) {
      assert.equal(await costOfView("cost_usd", view, simulated), cost, `${view}, ${simulated}`);
      const [counted] = await ask(
        `SELECT coalesce(sum(unpriced_attempts), 0)::bigint AS n FROM finance.${view} WHERE ${simulated}`,
      );
      assert.equal(counted?.n, unpriced, view);
    }
    for (const view of ["cost_by_day", "month_statement"]) {
      const [counted] = await ask(
        `SELECT coalesce(sum(attempts), 0)::bigint AS n FROM finance.${view} WHERE ${simulated}`,
      );
      assert.equal(counted?.n, attempts, view);
    }
    const parts = "coalesce(served_cost_usd, 0) + coalesce(wasted_cost_usd, 0)";
    assert.equal(await costOfView(parts, "month_statement", simulated), cost, "served and wasted");
    const allocated = "coalesce(allocated_cost_usd, 0) + coalesce(unallocated_cost_usd, 0)";
    assert.equal(await costOfView(allocated, "unallocated", simulated), cost, "allocated and not");
    const wasted = await sumOfEntries(`${simulated} AND outcome IN ('failed_billed', 'unknown')`);
    assert.equal(await costOfView("cost_usd", "wasted", simulated), wasted.cost, "wasted");
  }
  const real = await sumOfEntries("NOT simulated");
  for (const column of ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"]) {
    assert.equal(await costOfView(`"${column}"`, "focus_1_4"), real.cost, column);
  }
}

describe("whatever is booked", () => {
  beforeEach(emptyBooks);

  const tokens = fc.tuple(...Array.from({ length: 6 }, () => fc.integer({ min: 0, max: 3_000 }))).map(
    ([plain = 0, cached = 0, write5m = 0, write1h = 0, output = 0, reasoning = 0]): TokenUsage => ({
      ...{ input: BigInt(plain + cached + write5m + write1h), cachedInput: BigInt(cached) },
      ...{ cacheWrite5m: BigInt(write5m), cacheWrite1h: BigInt(write1h) },
      ...{ output: BigInt(output + reasoning), reasoningOutput: BigInt(reasoning) },
    }),
  );
  const ending = fc.constantFrom("success", "partial", "failed_free", "failed_billed", "unpriced", "kept");
  const one = fc.record({
    tokens,
    ending,
    day: fc.constantFrom("2024-10-01T00:00:00.000Z", "2024-10-31T23:00:00.000Z", "2024-11-15T12:00:00.000Z"),
    model: fc.constantFrom("economy", "premium"),
    who: fc.constantFrom(SUPPORT, RESEARCH, { ...SUPPORT, teamId: "", teamName: "", costCentre: "" }),
    simulated: fc.boolean(),
    account: fc.constantFrom("", "first"),
    route: fc.constantFrom("", "fast"),
    wasLost: fc.boolean(),
    isFoundLater: fc.boolean(),
  });

  type What = typeof one extends fc.Arbitrary<infer T> ? T : never;

  function factsOf(what: What, index: number): { lost: UsageFact; found: UsageFact } {
    const at = new Date(Date.parse(what.day) + index).toISOString();
    const { model, simulated, account: providerAccount, who: attribution, route } = what;
    const base = { model, attribution, route, providerAccount, simulated, provider: simulated ? "sim" : "openai" };
    const lost = attempt(at, what.tokens, { ...base, ...LOST, costPicoUsd: BigInt(index + 1) * 1_000_000_001n });
    const ends: Readonly<Record<string, Partial<UsageFact>>> = {
      failed_free: FAILED_FREE,
      kept: { outcome: "success", tokenSource: "none", costPicoUsd: 0n },
      unpriced: { priced: false, costPicoUsd: 0n, price: undefined },
    };
    const used = what.ending === "failed_free" || what.ending === "kept" ? {} : what.tokens;
    const found = attempt(at, used, { ...base, ...(ends[what.ending] ?? { outcome: what.ending }) });
    return { lost, found };
  }

  test("every view of a kind adds up to the entries, and FOCUS stays FOCUS", async () => {
    const run = fc.asyncProperty(
      fc.array(one, { minLength: 1, maxLength: 25 }),
      fc.boolean(),
      async (attempts, closes) => {
        await emptyBooks();
        const all = attempts.map((what, index) => ({ what, ...factsOf(what, index) }));
        const first = all.flatMap(({ what, lost, found }) => [
          ...(what.wasLost ? [lost] : []),
          ...(what.isFoundLater ? [] : [found]),
        ]);
        await book(...first);
        if (closes) await close("2024-10-01");
        await book(...all.map(({ found }) => found));
        await noProblem();
        await checkSums();
        await checkFocus();
      },
    );
    await fc.assert(run, { numRuns: 12 });
  });

  test("top_movers sets the last 7 whole days against the 7 before, and today in neither", async () => {
    const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const at = (daysAgo: number, ms = 0) => new Date(today - daysAgo * 86_400_000 + ms).toISOString();
    const renamed = { ...SUPPORT, teamName: "Care" };
    await book(
      attempt(at(0), USUAL),
      attempt(at(1, 86_399_999), USUAL, { attribution: renamed }),
      attempt(at(7), USUAL),
      attempt(at(8), USUAL),
      attempt(at(14), USUAL, { costPicoUsd: 500_000_000n }),
      attempt(at(15), USUAL),
      attempt(at(2), PLAIN, PREMIUM_RESEARCH),
      attempt(at(3), USUAL, { provider: "sim", simulated: true }),
      attempt(at(4), PLAIN, {
        ...PREMIUM_RESEARCH,
        model: "economy",
        priced: false,
        price: undefined,
        costPicoUsd: 0n,
      }),
    );
    const found = await ask("SELECT * FROM finance.top_movers ORDER BY team");
    const acme = { organisation: "Acme", organisation_id: "acme", provider: "openai", unpriced_attempts: 0n };
    assert.deepEqual(found, [
      {
        ...{ ...acme, team: "Care", team_id: "support", model: "economy" },
        ...{ cost_usd: "0.003", before_usd: "0.002", change_usd: "0.001", change_share: "0.5" },
      },
      {
        ...{ ...acme, team: "Research", team_id: "research", model: "premium" },
        ...{ cost_usd: "0.013", before_usd: "0", change_usd: "0.013", change_share: null },
      },
    ]);
  });

  test("a cost that is not known is NULL and counted in every view, never 0", async () => {
    await book(attempt("2024-11-15T00:00:00Z", PLAIN, { priced: false, price: undefined, costPicoUsd: 0n }));
    const unknown = { cost_usd: null, unpriced_attempts: 1n };
    for (const view of ["cost_by_day", "month_statement", "unallocated", "unit_cost"]) {
      assert.deepEqual(await ask(`SELECT cost_usd, unpriced_attempts FROM finance.${view}`), [unknown], view);
    }
    const [parts] = await ask("SELECT served_cost_usd, wasted_cost_usd FROM finance.month_statement");
    assert.deepEqual(parts, { served_cost_usd: null, wasted_cost_usd: "0" });
    const [share] = await ask(
      "SELECT allocated_cost_usd AS a, unallocated_cost_usd AS u, unallocated_share AS s FROM finance.unallocated",
    );
    assert.deepEqual(share, { a: null, u: "0", s: null });
    assert.deepEqual(await ask("SELECT * FROM finance.focus_1_4"), []);
  });
});
