import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { affordableOutputTokens, costOf, type Price, type PriceRates, ratesFor, worstCaseCost } from "./price.ts";
import type { TokenUsage } from "./tokens.ts";

const rate = fc.bigInt(0n, 100_000_000n);
const rates: fc.Arbitrary<PriceRates> = fc.record({
  input: rate,
  cachedInput: rate,
  cacheWrite5m: rate,
  cacheWrite1h: rate,
  output: rate,
  reasoningOutput: rate,
});
const price: fc.Arbitrary<Price> = fc
  .record({
    base: rates,
    tiers: fc.uniqueArray(fc.record({ above: fc.bigInt(1n, 300_000n), rates }), {
      selector: ({ above }) => above,
      maxLength: 3,
    }),
    perRequestPicoUsd: fc.bigInt(0n, 1_000_000_000n),
  })
  .map(({ base, tiers, perRequestPicoUsd }) => ({
    version: "any",
    perRequestPicoUsd,
    tiers: [
      { aboveInputTokens: 0n, rates: base },
      ...tiers
        .sort((a, b) => Number(a.above - b.above))
        .map(({ above, rates: tierRates }) => ({ aboveInputTokens: above, rates: tierRates })),
    ],
  }));

/** Usage within both bounds, its parts within their wholes. */
const bounded = fc
  .record({
    inputMax: fc.bigInt(0n, 400_000n),
    outputMax: fc.bigInt(0n, 50_000n),
    cuts: fc.array(fc.nat(1_000), { minLength: 6, maxLength: 6 }),
  })
  .map(({ inputMax, outputMax, cuts }) => {
    const share = (whole: bigint, index: number): bigint => (whole * BigInt(cuts[index] ?? 0)) / 1_000n;
    const input = share(inputMax, 0);
    const output = share(outputMax, 1);
    const cachedInput = share(input, 2);
    const cacheWrite5m = share(input - cachedInput, 3);
    const cacheWrite1h = share(input - cachedInput - cacheWrite5m, 4);
    const usage: TokenUsage = {
      input,
      cachedInput,
      cacheWrite5m,
      cacheWrite1h,
      output,
      reasoningOutput: share(output, 5),
    };
    return { inputMax, outputMax, usage };
  });

const FLAT: Price = {
  version: "flat",
  perRequestPicoUsd: 7n,
  tiers: [
    {
      aboveInputTokens: 0n,
      rates: {
        input: 100n,
        cachedInput: 10n,
        cacheWrite5m: 125n,
        cacheWrite1h: 200n,
        output: 1_000n,
        reasoningOutput: 2_000n,
      },
    },
  ],
};

test("each kind of token is billed once, at its own rate", () => {
  const usage = { input: 10n, cachedInput: 4n, cacheWrite5m: 1n, cacheWrite1h: 2n, output: 5n, reasoningOutput: 2n };
  assert.equal(costOf(usage, FLAT), 7n + 3n * 100n + 4n * 10n + 125n + 2n * 200n + 3n * 1_000n + 2n * 2_000n);
});

test("no usage within the bounds ever costs more than the worst case", () => {
  fc.assert(
    fc.property(price, bounded, (one, { inputMax, outputMax, usage }) => {
      assert.ok(costOf(usage, one) <= worstCaseCost(one, inputMax, outputMax));
    }),
    { numRuns: 1_000 },
  );
});

test("the output an amount affords is tight: it fits, and one more token does not", () => {
  fc.assert(
    fc.property(price, fc.bigInt(0n, 400_000n), fc.bigInt(0n, 10n ** 14n), (one, inputMax, amount) => {
      const tokens = affordableOutputTokens(one, inputMax, amount);
      if (tokens < 0n) {
        assert.ok(worstCaseCost(one, inputMax, 0n) > amount, "not even the input");
      } else {
        assert.ok(worstCaseCost(one, inputMax, tokens) <= amount, "it fits");
        const isFree = worstCaseCost(one, inputMax, 1n) === worstCaseCost(one, inputMax, 0n);
        assert.ok(isFree || worstCaseCost(one, inputMax, tokens + 1n) > amount, "one more does not");
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a tier holds above its size, not at it", () => {
  const dear = { ...(FLAT.tiers[0]?.rates as PriceRates), input: 900n };
  const tiered: Price = { ...FLAT, tiers: [...FLAT.tiers, { aboveInputTokens: 200n, rates: dear }] };
  assert.equal(ratesFor(tiered, 200n).input, 100n);
  assert.equal(ratesFor(tiered, 201n).input, 900n);
  assert.equal(worstCaseCost(tiered, 200n, 0n), 7n + 200n * 200n, "a tier out of reach is not feared");
  assert.equal(worstCaseCost(tiered, 201n, 0n), 7n + 201n * 900n);
});

test("a price without tiers is an error, never free", () => {
  const empty: Price = { version: "empty", tiers: [], perRequestPicoUsd: 0n };
  assert.throws(() => ratesFor(empty, 1n), RangeError);
  assert.throws(() => worstCaseCost(empty, 1n, 1n), RangeError);
  assert.throws(() => affordableOutputTokens(empty, 1n, 1n), RangeError);
});
