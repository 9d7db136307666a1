// Amounts of every unit there and back, and those that are none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAmount, parseAmount, toWireUnit, UNITS, unitName } from "./budget-amount.ts";

test("money is exact to the last of twelve decimals, and a thirteenth is refused, never rounded", () => {
  assert.equal(parseAmount("usd", "0.000000000001"), 1n);
  assert.equal(parseAmount("usd", "1000000000"), 10n ** 21n);
  assert.equal(parseAmount("usd", "12.500000000000000"), 12_500_000_000_000n);
  assert.match(String(parseAmount("usd", "0.0000000000001")), /more than 12 decimal places/);
});

test("tokens and requests are whole", () => {
  assert.equal(parseAmount("tokens", "1000000"), 1_000_000n);
  for (const text of ["1.5", "-1", "1e6", "", " 1"]) {
    assert.equal(parseAmount("requests", text), "must be a whole number of requests");
    assert.equal(typeof parseAmount("usd", text === "1.5" ? "1,5" : text), "string", text);
  }
});

test("what is formatted reads as it was, in every unit", () => {
  for (const unit of UNITS) {
    assert.equal(unitName(toWireUnit(unit)), unit);
    for (const amount of [0n, 1n, 10n ** 12n + 7n]) assert.equal(parseAmount(unit, formatAmount(unit, amount)), amount);
  }
  assert.equal(formatAmount("usd", -5n * 10n ** 11n), "-0.5");
});
