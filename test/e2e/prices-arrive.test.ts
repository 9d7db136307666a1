// A model whose price nobody knows, on a whole stack: its calls lie in suspense and are told of, no cost shows them, and when the price
// is saved they are on the books and on the budgets at what they cost. Then the price turns out to be wrong, and is corrected.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestFolder, type TestFolder } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const MODEL = "scripted/priceless";
const CALLS = 3;
const TOKENS = { inputTokens: 1_000, outputTokens: 500 };

interface Unpriced {
  models: { model: string; attempts: number; inputTokens: number; state: string }[];
}

let stack: TestStack;
let folder: TestFolder;
let key: string;
const earlier = { usd: 0n, tokens: 0n };

before(async () => {
  [stack, folder] = await Promise.all([startStack({ replicas: { console: 1 } }), makeTestFolder("prices")]);
  const admin = adminOf(stack);
  const made = async (path: string, body: unknown): Promise<string> => {
    const answer = await admin("POST", path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.secretKey;
  };
  await made("/api/v1/organisations", { id: "globex", name: "Globex" });
  await made("/api/v1/teams?organisation=globex", { id: "research", name: "Research" });
  const month = { window: { kind: "month" }, scope: { teamId: "research" } };
  const soft = { id: "usd", name: "USD", limit: "5", enforcement: "soft", ...month };
  await made("/api/v1/budgets?organisation=globex", soft);
  const observed = { id: "tokens", name: "Tokens", limit: "1000000", unit: "tokens", enforcement: "observe", ...month };
  await made("/api/v1/budgets?organisation=globex", observed);
  await made("/api/v1/users?organisation=globex", { id: "eve", name: "Eve", teamId: "research" });
  key = await made("/api/v1/keys?organisation=globex", { userId: "eve", name: "laptop" });
  const saved = await admin("PUT", `/api/v1/models/${MODEL}`, {
    ...{ upstreamModel: "scripted-1", contextWindowTokens: 100_000, maxOutputTokens: 4_096 },
  });
  assert.equal(saved.status, 200, JSON.stringify(saved.body));
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);
const asJson = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await waybill(0, ...args, "--json")).stdout) as T;
const unpriced = async (): Promise<Unpriced["models"]> => (await asJson<Unpriced>("ledger", "unpriced")).models;
/** Without what was posted before the first call without a price; 0 until the window begins. */
const posted = async (budget: "usd" | "tokens"): Promise<bigint> => {
  const [row] = await stack.sql<{ posted: string }>(
    "SELECT coalesce(sum(posted_pico_usd), 0)::text AS posted FROM budget.budget_window WHERE budget_id = $1",
    [budget],
  );
  return BigInt(row?.posted ?? 0) - earlier[budget];
};
const standing = async (): Promise<unknown> =>
  stack.sql("SELECT DISTINCT source, cost_usd::text AS cost FROM ledger.attempt WHERE model = 'priceless'");

/** Asks a model that has a price, until both budgets have counted a call. */
const isCounted = async (): Promise<boolean> => {
  await ask(stack, { key, script: TOKENS });
  return (await posted("usd")) > 0n && (await posted("tokens")) > 0n;
};
/** Every call of before is settled: nothing is posted any more. */
const isQuiet = async (): Promise<boolean> => {
  const seen = await posted("tokens");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  return (await posted("tokens")) === seen;
};

const savePrice = async (input: string): Promise<void> => {
  const prices = [{ effectiveFrom: "2020-01-01T00:00:00Z", tiers: [{ input, output: "4" }] }];
  const saved = await adminOf(stack)("PUT", `/api/v1/models/${MODEL}`, { prices });
  assert.equal(saved.status, 200, JSON.stringify(saved.body));
};

describe("a price that is missing", () => {
  it("calls are served, lie in suspense and are told of; no cost shows them", async () => {
    const call = (): Promise<Response> => ask(stack, { key, model: MODEL, script: TOKENS });
    await eventually(isCounted, { timeoutMs: 20_000, intervalMs: 200, reason: "the key and its budgets are live" });
    await eventually(isQuiet, { timeoutMs: 20_000, reason: "what was asked is settled" });
    [earlier.usd, earlier.tokens] = [await posted("usd"), await posted("tokens")];
    for (let n = 0; n < CALLS; n += 1) {
      const answer = await call();
      assert.equal(answer.status, 200, await answer.text());
    }
    await eventually(async () => (await unpriced())[0]?.attempts === CALLS, {
      timeoutMs: 10_000,
      intervalMs: 200,
      reason: "they are on the books",
    });
    const [waiting] = await unpriced();
    assert.deepEqual(
      [waiting?.model, waiting?.inputTokens, waiting?.state],
      [MODEL, CALLS * TOKENS.inputTokens, "no_price"],
    );
    assert.match((await waybill(0, "ledger", "unpriced")).stdout, /the catalogue has no price: save one/);
    const spent = await asJson<{ total: { costUsd: string; unpricedAttempts: number } }>(
      "spend",
      "--where",
      `model=${MODEL}`,
    );
    assert.deepEqual([spent.total.costUsd, spent.total.unpricedAttempts], ["0", CALLS]);
    const { alerts } = (await adminOf(stack)("GET", "/api/v1/alerts?kind=price_unknown&organisation=globex")).body;
    assert.deepEqual([alerts.length, alerts[0].data.model], [1, MODEL]);
    await eventually(async () => (await posted("tokens")) === BigInt(CALLS) * 1_500n, { reason: "tokens are counted" });
    assert.equal(await posted("usd"), 0n);
  });

  it("when it is saved, books and budgets have what the calls cost, and nothing is counted twice", async () => {
    await savePrice("2");
    await eventually(async () => (await unpriced()).length === 0, {
      timeoutMs: 15_000,
      intervalMs: 200,
      reason: "they are priced",
    });
    assert.deepEqual(await standing(), [{ source: "worker.1", cost: "0.004000000000" }]);
    await eventually(async () => (await posted("usd")) === BigInt(CALLS) * 4_000_000_000n, {
      timeoutMs: 10_000,
      reason: "the budget heard",
    });
    assert.equal(await posted("tokens"), BigInt(CALLS) * 1_500n);
    await waybill(0, "ledger", "verify");
    await waybill(0, "budgets", "verify");
  });

  it("one that was wrong is corrected for a time, first in a dry run", async () => {
    await savePrice("3");
    const from = ["--from", "2026-01-01"];
    const dry = await eventually(
      async () => {
        const { stdout } = await waybill(0, "ledger", "reprice", MODEL, ...from, "--dry-run");
        return stdout.startsWith("3 of 3") ? stdout : undefined;
      },
      { timeoutMs: 10_000, intervalMs: 200, reason: "the ledger has the new list" },
    );
    assert.match(dry, /3 of 3 attempts would be priced anew: 0\.012 USD before, 0\.015 USD after/);
    assert.equal(await posted("usd"), BigInt(CALLS) * 4_000_000_000n);
    await waybill(0, "ledger", "reprice", MODEL, ...from, "--reason", "the contract says so");
    await eventually(async () => (await posted("usd")) === BigInt(CALLS) * 5_000_000_000n, {
      timeoutMs: 10_000,
      reason: "the budget heard",
    });
    assert.deepEqual(await standing(), [{ source: "worker.2", cost: "0.005000000000" }]);
    const [made] = await stack.sql("SELECT DISTINCT because, reason FROM ledger.revision WHERE source = 'worker.2'");
    assert.deepEqual(made, { because: "price_corrected", reason: "the contract says so" });
    await waybill(0, "ledger", "verify");
    await waybill(0, "budgets", "verify");
  });
});
