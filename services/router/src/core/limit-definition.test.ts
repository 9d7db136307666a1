// A limit node as the budget service counts it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit } from "@waybill/wire";
import { limitDefinition } from "./limit-definition.ts";
import { sampleLimitUse } from "./sample-question.ts";

test("money is pico-USD, everything else is a plain number", () => {
  const cost = limitDefinition(sampleLimitUse("l", { metric: "cost", amount: "0.25" }), "acme", "support");
  assert.deepEqual([cost.unit, cost.amount], [BudgetUnit.UNSPECIFIED, "250000000000"]);
  const count = limitDefinition(sampleLimitUse("l", {}, "u1"), "acme", "support");
  assert.deepEqual([count.unit, count.amount, count.keyValue], [BudgetUnit.REQUESTS, "2", "u1"]);
});

test("windows are named as the budget service names them", () => {
  const windowOf = (window: Parameters<typeof sampleLimitUse>[1]) => {
    const { windowKind, windowSeconds } = limitDefinition(sampleLimitUse("l", window), "acme", "support");
    return [windowKind, windowSeconds];
  };
  assert.deepEqual(windowOf({ window: { kind: "fixed", seconds: 60 } }), ["fixed", 60n]);
  assert.deepEqual(windowOf({ window: { kind: "calendar", period: "month" } }), ["month", 0n]);
  assert.deepEqual(windowOf({ window: { kind: "total" } }), ["total", 0n]);
});
