// Fractions: exact, and shown as people write shares.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decimalText,
  fraction,
  isSame,
  minus,
  parseShare,
  plus,
  rounded,
  shareText,
  times,
  WHOLE,
} from "./fraction.ts";

test("thirds make a whole, and a tenth of a tenth is a hundredth", () => {
  const third = fraction(1n, 3n);
  assert.ok(isSame(plus(plus(third, third), third), WHOLE));
  assert.ok(isSame(times(fraction(1n, 10n), fraction(1n, 10n)), fraction(1n, 100n)));
  assert.ok(isSame(minus(fraction(1n, 2n), fraction(2n, 3n)), fraction(1n, -6n)));
  assert.throws(() => fraction(1n, 0n), RangeError);
});

test("a half is rounded away from zero", () => {
  assert.deepEqual(
    [1n, 3n, -1n, -3n].map((half) => rounded(fraction(half, 2n))),
    [1n, 2n, -1n, -2n],
  );
  assert.equal(rounded(fraction(4n, 3n)), 1n);
});

test("a share is decimal text or a ratio, from 0 to 1", () => {
  assert.deepEqual(parseShare("0.25"), fraction(1n, 4n));
  assert.deepEqual(parseShare("1/3"), fraction(1n, 3n));
  assert.deepEqual(parseShare("1.000"), WHOLE);
  for (const text of ["", "1.1", "-0.1", "4/3", "1/0", "0.0000000001", "1e-1", ".5", "50%", " 1"]) {
    assert.equal(parseShare(text), undefined, text);
  }
});

test("a share is shown as it can be read again", () => {
  for (const text of ["0", "1", "0.25", "1/3", "0.000000001"]) assert.equal(shareText(parseShare(text) ?? WHOLE), text);
  assert.equal(decimalText(fraction(-125n, 3n), 2), "-41.67");
  assert.equal(decimalText(fraction(-1n, 1_000n), 2), "0");
  assert.equal(decimalText(fraction(7n), 0), "7");
});
