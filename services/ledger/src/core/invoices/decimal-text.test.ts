// Decimal text becomes exact integers, and sums of them are the sums of the text.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseScaled } from "./decimal-text.ts";

test("decimal text is read exactly, with and without an exponent", () => {
  assert.deepEqual(parseScaled("0.06", 12), { value: 60_000_000_000n, isExact: true, decimals: 2 });
  assert.deepEqual(parseScaled("0.000004500000000000000000000000000000000", 12)?.value, 4_500_000n);
  assert.deepEqual(parseScaled("1.5e-05", 12), { value: 15_000_000n, isExact: true, decimals: 6 });
  assert.deepEqual(parseScaled("-1.25E+2", 12), { value: -125_000_000_000_000n, isExact: true, decimals: 0 });
  assert.deepEqual(parseScaled("120", 0), { value: 120n, isExact: true, decimals: 0 });
  assert.deepEqual(parseScaled(".5", 1)?.value, 5n);
  assert.deepEqual(parseScaled("0.000", 12), { value: 0n, isExact: true, decimals: 0 });
});

test("digits below the unit are rounded to the nearest, and that is said", () => {
  assert.deepEqual(parseScaled("0.04000000000000001", 12), { value: 40_000_000_000n, isExact: false, decimals: 17 });
  assert.deepEqual(parseScaled("-0.0000000000015", 12)?.value, -2n);
  assert.deepEqual(parseScaled("0.0000000000014", 12)?.value, 1n);
});

test("what is no plain number is refused", () => {
  for (const text of ["", ".", "-", "1,000.00", "$1", "1 000", "NaN", "Infinity", "0x10", "1e999", "1.2.3", "१"]) {
    assert.equal(parseScaled(text, 12), undefined, text);
  }
});

test("the sum of what is read is the sum of what was written", () => {
  const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 50 }), (amounts) => {
      const read = amounts.map((pico) => parseScaled(textOf(pico), 12)?.value ?? 0n);
      assert.equal(sum(read), sum(amounts));
    }),
  );
});

function textOf(pico: bigint): string {
  const digits = (pico < 0n ? -pico : pico).toString().padStart(13, "0");
  return `${pico < 0n ? "-" : ""}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
