import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatUsd, maxPicoUsd, minPicoUsd, PICO_USD_INT64_MAX, parseUsd } from "./money.ts";

const amount = fc.bigInt(-(10n ** 40n), 10n ** 40n);

test("formatting and parsing an amount gives it back, exactly", () => {
  fc.assert(fc.property(amount, (one) => assert.equal(parseUsd(formatUsd(one)), one)));
});

test("an amount is written without trailing zeros and never as minus zero", () => {
  assert.equal(formatUsd(1_500_000_000n), "0.0015");
  assert.equal(formatUsd(-150_000_000_000n), "-0.15");
  assert.equal(formatUsd(1n), "0.000000000001");
  assert.equal(formatUsd(0n), "0");
  assert.equal(formatUsd(3_000_000_000_000n), "3");
  assert.equal(parseUsd("-0"), 0n);
  assert.equal(formatUsd(PICO_USD_INT64_MAX), "9223372.036854775807");
});

test("trailing zeros are read, a digit too many is refused rather than rounded", () => {
  assert.equal(parseUsd("0.10000000000000000"), 100_000_000_000n);
  assert.throws(() => parseUsd("0.0000000000001"), RangeError);
});

test("what is no plain decimal amount is refused", () => {
  for (const text of ["", ".5", "5.", "1e3", "+1", " 1", "1 ", "0x10", "NaN", "Infinity", "1,5", "--1", "1.2.3", "١"]) {
    assert.throws(() => parseUsd(text), RangeError, JSON.stringify(text));
  }
});

test("the smaller and the larger of two amounts", () => {
  fc.assert(
    fc.property(amount, amount, (a, b) => {
      assert.equal(minPicoUsd(a, b) + maxPicoUsd(a, b), a + b);
      assert.ok(minPicoUsd(a, b) <= maxPicoUsd(a, b));
    }),
  );
});
