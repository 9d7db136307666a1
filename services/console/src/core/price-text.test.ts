import assert from "node:assert/strict";
import { test } from "node:test";
import { isSamePrice, parseRate, parseTier, priceText, rateText } from "./price-text.ts";

const never = (field: string): never => assert.fail(field);

test("a rate is the same number after its way to text and back", () => {
  for (const rate of [0n, 1n, 150_000n, 2_500_000n, 9_999_999_999n]) assert.equal(parseRate(rateText(rate)), rate);
  assert.equal(rateText(2_500_000n), "2.5");
});

test("a rate finer than a pico-USD per token is refused with its name, not rounded", () => {
  const reported: string[] = [];
  parseTier({ aboveInputTokens: 0, input: "0.0000001", output: "1" }, (field, problem) =>
    reported.push(`${field} ${problem}`),
  );
  assert.deepEqual(reported, ["input is finer than 0.000001 USD per million tokens"]);
});

test("what a tier leaves out costs what its parent kind costs", () => {
  const { rates } = parseTier({ aboveInputTokens: 0, input: "2", cacheWrite5m: "3", output: "8" }, never);
  assert.deepEqual(rates, {
    input: 2_000_000n,
    cachedInput: 2_000_000n,
    cacheWrite5m: 3_000_000n,
    cacheWrite1h: 3_000_000n,
    output: 8_000_000n,
    reasoningOutput: 8_000_000n,
  });
});

test("prices are the same by their figures, whatever they are called", () => {
  const tier = parseTier({ aboveInputTokens: 0, input: "2", output: "8" }, never);
  const price = { version: "a", tiers: [tier], perRequestPicoUsd: 0n };
  assert.ok(isSamePrice(price, { ...price, version: "b" }));
  assert.ok(!isSamePrice(price, { ...price, perRequestPicoUsd: 1n }));
  assert.ok(!isSamePrice(price, { ...price, tiers: [{ ...tier, aboveInputTokens: 1n }] }));
});

test("a price is shown in USD per million tokens and per request", () => {
  const tier = parseTier({ aboveInputTokens: 0, input: "0.15", output: "0.6" }, never);
  const shown = priceText({ version: "v", tiers: [tier], perRequestPicoUsd: 1_000_000_000n });
  assert.deepEqual([shown.tiers[0]?.input, shown.tiers[0]?.output, shown.perRequest], ["0.15", "0.6", "0.001"]);
});
