// Amounts and windows as people type them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAmount, readWindow } from "./amount-text.ts";

test("an amount says its unit, and is kept as text", () => {
  assert.deepEqual(readAmount("500usd"), { limit: "500", unit: "usd" });
  assert.deepEqual(readAmount(" 0.000000000001 USD"), { limit: "0.000000000001", unit: "usd" });
  assert.deepEqual(readAmount("1000000tokens"), { limit: "1000000", unit: "tokens" });
  for (const text of ["500", "usd", "-5usd", "1e3tokens", "5eur", "5,5usd"])
    assert.equal(readAmount(text), undefined, text);
});

test("a window is a kind, or a kind with a length", () => {
  assert.deepEqual(readWindow("month"), { kind: "month", seconds: null });
  assert.deepEqual(readWindow("rolling:24h"), { kind: "rolling", seconds: 86_400 });
  assert.deepEqual(readWindow("fixed:90s"), { kind: "fixed", seconds: 90 });
  for (const text of ["rolling", "month:1h", "fixed:0h", "fixed:1w", "hour"])
    assert.equal(readWindow(text), undefined, text);
});
