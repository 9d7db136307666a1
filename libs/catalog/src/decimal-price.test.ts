// Prices are exact or unknown.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { picoUsdOf, picoUsdPerCall, picoUsdPerToken } from "./decimal-price.ts";

test("decimal text is converted exactly", () => {
  assert.equal(picoUsdPerToken("0.40"), 400_000n);
  assert.equal(picoUsdPerToken("15"), 15_000_000n);
  assert.equal(picoUsdPerToken("0.000001"), 1n);
  assert.equal(picoUsdPerToken("0"), 0n);
  assert.equal(picoUsdOf("0.001"), 1_000_000_000n);
  assert.equal(picoUsdPerCall("12"), 12_000_000_000n);
});

test("what cannot be said exactly is unknown, never rounded", () => {
  for (const text of ["0.0000001", "0.18000000000000002", "5e-7", "-1", "", "1,5", " 1", "NaN"]) {
    assert.equal(picoUsdPerToken(text), undefined, text);
  }
});

test("a shift of the decimal point is all that happens", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (pico) => {
      const digits = pico.toString().padStart(7, "0");
      assert.equal(picoUsdPerToken(`${digits.slice(0, -6)}.${digits.slice(-6)}`), pico);
    }),
  );
});
