// Counters of limit nodes: named after what they count.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetUnit, LimitDefinition } from "@waybill/wire";
import { countsMoney, LimitBudgets } from "./limit-budgets.ts";

const hash = (text: string): string =>
  [...text]
    .map((char) => char.charCodeAt(0).toString(16))
    .join("")
    .padEnd(40, "0");
const definition = (overrides: Partial<LimitDefinition> = {}): LimitDefinition => ({
  ...LimitDefinition.create({}),
  ...{ organisationId: "a", route: "r", node: "l", unit: BudgetUnit.REQUESTS, amount: "2", windowKind: "day" },
  ...overrides,
});
// The hash of the test keeps all of the text, so ids are compared by it.
const idOf = (limits: LimitBudgets, overrides: Partial<LimitDefinition> = {}) =>
  limits.budgetOf(definition(overrides), 0).name + limits.budgetOf(definition(overrides), 0).id;

test("another amount is the same counter with the new amount; another unit, window or value is another one", () => {
  const limits = new LimitBudgets((text) => hash(text).slice(-40));
  const first = limits.budgetOf(definition(), 0);
  const raised = limits.budgetOf(definition({ amount: "5" }), 1);
  assert.equal(raised.id, first.id);
  assert.equal(raised.limit?.amount, "5");
  const others = [{ unit: BudgetUnit.TOKENS }, { windowKind: "month" }, { windowSeconds: 60n }];
  for (const other of others) assert.notEqual(idOf(limits, other), idOf(limits), JSON.stringify(Object.keys(other)));
});

test("it is hard, says what it counts, and is named for people", () => {
  const budget = new LimitBudgets(hash).budgetOf(definition({ keyValue: "u1" }), 0);
  assert.deepEqual([budget.hard, budget.unit, budget.name], [true, BudgetUnit.REQUESTS, "r/l u1"]);
  assert.match(budget.id, /^limit\.[0-9a-f]{40}$/);
  assert.equal(countsMoney(budget), false);
  assert.equal(countsMoney({ unit: BudgetUnit.UNSPECIFIED }), true);
});

test("a counter that is not used for a quarter of an hour is forgotten, one in use is not", () => {
  const limits = new LimitBudgets((text) => hash(text).slice(-40));
  const idle = limits.budgetOf(definition({ keyValue: "1" }), 0);
  const used = limits.budgetOf(definition({ windowKind: "month", keyValue: "2" }), 0);
  limits.budgetOf(definition({ windowKind: "month", keyValue: "2" }), 800_000);
  limits.sweep(901_000);
  assert.deepEqual([limits.has(idle.id), limits.has(used.id)], [false, true]);
});
