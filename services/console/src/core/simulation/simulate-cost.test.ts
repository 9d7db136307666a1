// Costs of a month: the seed's own prices and figures, prices that nobody knows, and what the caches take off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd, type Price } from "@waybill/domain";
import { decimalText, fraction, NONE, parseShare, WHOLE } from "./fraction.ts";
import { deltaOf, type Scenario, simulateCost } from "./simulate-cost.ts";
import { partsOfTiers } from "./traffic-parts.ts";

/** USD per million tokens = µpico-USD per token. */
const price = (input: number, output: number, more: Partial<Price["tiers"][number]["rates"]> = {}): Price => {
  const [inputRate, outputRate] = [BigInt(input * 100) * 10_000n, BigInt(output * 100) * 10_000n];
  const caches = { cachedInput: inputRate, cacheWrite5m: inputRate, cacheWrite1h: inputRate };
  const rates = { input: inputRate, ...caches, output: outputRate, reasoningOutput: outputRate, ...more };
  return { version: "seed", tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd: 0n };
};
/** The seed's table "Provider Pricing Comparison (Per 1M Tokens)". They are not today's. */
const SEED: Readonly<Record<string, Price>> = {
  "openai/gpt-4o": price(5, 15),
  "openai/gpt-4o-mini": price(0.15, 0.6),
  "anthropic/claude-3-5-sonnet": price(3, 15),
  "anthropic/haiku-3.5": price(1.25, 5),
};
const share = (text: string) => parseShare(text) ?? assert.fail(text);
const scenario = (mix: Record<string, string>, more: Partial<Scenario> = {}): Scenario => ({
  mixes: new Map([["all", Object.entries(mix).map(([model, text]) => ({ model, share: share(text) }))]]),
  cachedInputShare: undefined,
  keptAnswerShare: NONE,
  ...more,
});
const traffic = (requests: bigint, inputTokens: number, outputTokens: number) =>
  partsOfTiers(requests, [{ name: "all", share: WHOLE, inputTokens, outputTokens, cachedInputShare: NONE }]);
const usd = (cost: bigint | undefined) => (cost === undefined ? null : formatUsd(cost));
const onSeed = (model: string) => SEED[model];

test("a million tokens in and out cost what the seed's table says, and gpt-4o's input 33 times gpt-4o-mini's", () => {
  const costs = Object.keys(SEED).map((model) =>
    [traffic(1n, 1_000_000, 0), traffic(1n, 0, 1_000_000)].map((parts) =>
      usd(simulateCost(parts, scenario({ [model]: "1" }), onSeed).cost),
    ),
  );
  assert.deepEqual(costs, [
    ["5", "15"],
    ["0.15", "0.6"],
    ["3", "15"],
    ["1.25", "5"],
  ]);
  const [dear, cheap] = ["openai/gpt-4o", "openai/gpt-4o-mini"].map(
    (model) => simulateCost(traffic(1n, 1_000, 0), scenario({ [model]: "1" }), onSeed).cost ?? 0n,
  );
  assert.equal(decimalText(fraction(dear ?? 0n, cheap), 1), "33.3");
});

test("the seed's company: 127 000 USD a month on gpt-4o, and 42 % less with 105 of 241 requests on gpt-4o-mini", () => {
  const parts = traffic(10_160_000n, 1_000, 500);
  const baseline = simulateCost(parts, scenario({ "openai/gpt-4o": "1" }), onSeed);
  const mix = { "openai/gpt-4o": "136/241", "openai/gpt-4o-mini": "105/241" };
  const proposal = simulateCost(parts, scenario(mix), onSeed);
  assert.deepEqual([usd(baseline.cost), usd(proposal.cost)], ["127000", "73660"]);
  const delta = deltaOf(baseline, proposal) ?? assert.fail();
  assert.deepEqual([usd(delta.cost), decimalText(delta.percent ?? NONE, 2)], ["-53340", "-42"]);
});

test("tiers of users go to models of their own", () => {
  const of = (name: string, text: string) => ({ name, share: share(text), cachedInputShare: NONE });
  const parts = partsOfTiers(1_000n, [
    { ...of("paid", "0.2"), inputTokens: 2_000, outputTokens: 500 },
    { ...of("free", "0.8"), inputTokens: 1_000, outputTokens: 100 },
  ]);
  const mixes = new Map([
    ["paid", [{ model: "openai/gpt-4o", share: WHOLE }]],
    ["free", [{ model: "openai/gpt-4o-mini", share: WHOLE }]],
  ]);
  const { lines, cost } = simulateCost(parts, { mixes, cachedInputShare: undefined, keptAnswerShare: NONE }, onSeed);
  assert.deepEqual(
    lines.map(({ part, calls, inputTokens, cost }) => [part, calls, inputTokens, usd(cost)]),
    [
      ["paid", 200n, 400_000n, "3.5"],
      ["free", 800n, 800_000n, "0.168"],
    ],
  );
  assert.equal(usd(cost), "3.668");
});

test("an unknown price makes the sum and the difference unknown, not smaller", () => {
  const parts = traffic(1_000n, 1_000, 0);
  const baseline = simulateCost(parts, scenario({ "openai/gpt-4o": "1" }), onSeed);
  const proposal = simulateCost(parts, scenario({ "openai/gpt-4o": "0.5", "nobody/knows": "0.5" }), onSeed);
  assert.deepEqual([usd(proposal.cost), usd(proposal.knownCost)], [null, "2.5"]);
  assert.equal(deltaOf(baseline, proposal), undefined);
});

test("the provider's cache is priced at its own rate, our own answers cost nothing", () => {
  const cheapCache = price(10, 0, { cachedInput: 1_000_000n });
  const parts = traffic(1_000n, 1_000, 0);
  const cost = (more: Partial<Scenario>) =>
    usd(simulateCost(parts, scenario({ "a/b": "1" }, more), () => cheapCache).cost);
  assert.deepEqual(
    [cost({}), cost({ cachedInputShare: share("0.5") }), cost({ keptAnswerShare: share("0.25") })],
    ["10", "5.5", "7.5"],
  );
});

test("the tier of a price goes by the input of one call, and what is paid by call is counted", () => {
  const two: Price = {
    ...price(1, 0),
    tiers: [...price(1, 0).tiers, { aboveInputTokens: 200_000n, rates: price(2, 0).tiers[0]?.rates ?? assert.fail() }],
    perRequestPicoUsd: 1_000_000_000n,
  };
  const cost = (inputTokens: number) =>
    usd(simulateCost(traffic(10n, inputTokens, 0), scenario({ "a/b": "1" }), () => two).cost);
  assert.deepEqual([cost(200_000), cost(300_000)], ["2.01", "6.01"]);
});

test("a line that is no whole pico-USD is rounded once, and a baseline of nothing has no percentage", () => {
  const parts = traffic(1n, 1, 0);
  const third = simulateCost(parts, scenario({ "openai/gpt-4o": "1/3", "openai/gpt-4o-mini": "2/3" }), onSeed);
  assert.deepEqual(
    third.lines.map(({ cost }) => cost),
    [1_666_667n, 100_000n],
  );
  assert.equal(third.cost, 1_766_667n);
  assert.equal(deltaOf(simulateCost([], scenario({}), onSeed), third)?.percent, undefined);
});
