// The entry in force, and what a source leaves out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeRates, type PriceEntry, priceInForce } from "./price-entry.ts";

const entry = (effectiveFromMs: number, version: string): PriceEntry => ({
  effectiveFromMs,
  price: { version, tiers: [], perRequestPicoUsd: 0n },
});

test("the entry in force is the latest that has begun", () => {
  const entries = [entry(0, "old"), entry(2_000, "newest"), entry(1_000, "new")];
  assert.equal(priceInForce(entries, 999)?.version, "old");
  assert.equal(priceInForce(entries, 1_000)?.version, "new");
  assert.equal(priceInForce(entries, 5_000)?.version, "newest");
});

test("before the first entry the price is unknown", () => {
  assert.equal(priceInForce([entry(10, "later")], 9), undefined);
  assert.equal(priceInForce([], 9), undefined);
});

test("a kind without a rate costs what its parent costs, never nothing", () => {
  assert.deepEqual(completeRates({ input: 10n, output: 20n }), {
    input: 10n,
    cachedInput: 10n,
    cacheWrite5m: 10n,
    cacheWrite1h: 10n,
    output: 20n,
    reasoningOutput: 20n,
  });
  assert.equal(completeRates({ input: 10n, output: 20n, cacheWrite5m: 12n }).cacheWrite1h, 12n);
  assert.equal(completeRates({ input: 10n, output: 20n, cachedInput: 0n }).cachedInput, 0n);
});
