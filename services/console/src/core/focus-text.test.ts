// Nothing is rounded, and nothing that a name holds breaks a line of CSV.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { csvLine, unscaled } from "./focus-text.ts";

test("commas, quotes and line ends are quoted; nothing and an empty text differ", () => {
  assert.equal(csvLine(["a", "b,c", 'd"e', "f\ng", null, ""]), 'a,"b,c","d""e","f\ng",,""\n');
});

test("a decimal is kept to its last digit", () => {
  assert.equal(unscaled("0"), 0n);
  assert.equal(unscaled("1.5"), 1_500_000_000_000n);
  assert.equal(unscaled("-0.000000000001"), -1n);
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), (pico) => {
      const digits = (pico < 0n ? -pico : pico).toString().padStart(13, "0");
      const text = `${pico < 0n ? "-" : ""}${digits.slice(0, -12)}.${digits.slice(-12)}`;
      assert.equal(unscaled(text), pico);
    }),
  );
});

test("what does not fit is an error, never rounded", () => {
  for (const wrong of ["0.0000000000001", "1e5", "", ".5", "1.", "9".repeat(27)])
    assert.throws(() => unscaled(wrong), RangeError);
});
