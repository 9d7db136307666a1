// Prices from JSON numbers, exactly or not at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dayMs, exactRate, importedPrice, tokensOf, Warnings } from "./imported-model.ts";

test("the decimal text of a number is what counts, with and without an exponent", () => {
  assert.equal(exactRate(2e-6, 0), 2_000_000n);
  assert.equal(exactRate(4.2e-7, 0), 420_000n);
  assert.equal(exactRate(0.00015, 0), 150_000_000n);
  assert.equal(exactRate(0.3, 6), 300_000n);
  assert.equal(exactRate(3.75, 6), 3_750_000n);
  assert.equal(exactRate(0, 0), 0n);
});

test("what is finer than a pico-USD, negative or no number has no price", () => {
  for (const value of [1.25e-13, -1, Number.NaN, Number.POSITIVE_INFINITY, "2e-6", null, undefined]) {
    assert.equal(exactRate(value, 0), undefined, String(value));
  }
});

test("the same figures always have the same name, and other figures another", () => {
  const price = (input: bigint) => importedPrice("litellm", [{ aboveInputTokens: 0, rates: { input, output: 2n } }]);
  assert.equal(price(1n).version, price(1n).version);
  assert.notEqual(price(1n).version, price(3n).version);
  assert.match(price(1n).version, /^litellm-[0-9a-f]{12}$/);
});

test("sizes and days are read strictly", () => {
  assert.deepEqual([tokensOf(10), tokensOf(0), tokensOf(1.5), tokensOf("10")], [10, 0, 0, 0]);
  assert.equal(dayMs("2026-02-19"), Date.UTC(2026, 1, 19));
  assert.deepEqual([dayMs("2026-02-31x"), dayMs("soon"), dayMs(3)], [0, 0, 0]);
});

test("very many warnings are counted instead of listed", () => {
  const warnings = new Warnings();
  for (let n = 0; n < 250; n += 1) warnings.add(`w${n}`);
  assert.equal(warnings.all().length, 201);
  assert.equal(warnings.all().at(-1), "and 50 more");
});
