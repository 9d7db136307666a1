// Budgets of the wire as rules: what is not said, what cannot be read, and what makes two the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget, BudgetUnit, Enforcement, Exhaustion, WhenAway } from "@waybill/wire";
import { type BudgetRule, hasSameWindows, isSameRule, readBudget } from "./budget-rule.ts";

/** A sound budget of acme; the rest as given. */
export function sampleRule(given: Partial<BudgetRule> = {}): BudgetRule {
  const { rule } = readBudget(
    Budget.create({
      id: "b",
      name: "B",
      scope: { organisationId: "acme" },
      limitPicoUsd: "100",
      window: { kind: "month" },
    }),
  );
  return { ...rule, ...given };
}

test("what is not said has its default", () => {
  const { rule, problems } = readBudget(Budget.create({ id: "b", limitPicoUsd: "5" }));
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [
      rule.unit,
      rule.limit,
      rule.enforcement,
      rule.maxSharePercent,
      rule.onExhausted,
      rule.whenAway,
      rule.awayAllowance,
    ],
    ["usd", 5n, "hard", 50, "refuse", "deny", 0n],
  );
  assert.deepEqual(rule.window, {
    ...{ kind: "", seconds: 0n, timeZone: "UTC", anchorWeekday: 1, anchorDay: 1, anchorMonth: 1, anchorAtSeconds: 0n },
  });
});

test("what is said is read", () => {
  const { rule } = readBudget(
    Budget.create({
      ...{ unit: BudgetUnit.TOKENS, enforcement: Enforcement.SOFT, per: "user_id", alertPercents: [80] },
      ...{ onExhausted: Exhaustion.DOWNGRADE, whenAway: WhenAway.ALLOW, awayAllowance: "7" },
      scope: { organisationId: "acme", tagName: "env", tagValue: "prod" },
    }),
  );
  assert.deepEqual(
    [rule.unit, rule.enforcement, rule.onExhausted, rule.whenAway, rule.awayAllowance],
    [...["tokens", "soft", "downgrade", "allow", 7n]],
  );
  assert.deepEqual([rule.scope.tagName, rule.scope.tagValue, rule.scope.teamId], ["env", "prod", ""]);
});

test("amounts that are none, and choices that there are not, are problems with their fields", () => {
  const { problems } = readBudget(
    Budget.create({ limitPicoUsd: "1.5", awayAllowance: "-1", unit: 9 as BudgetUnit, whenAway: 9 as WhenAway }),
  );
  assert.deepEqual(problems.map(({ field }) => field).sort(), ["awayAllowance", "limit", "unit", "whenAway"]);
});

test("rules are the same only with every field the same, and windows only with their whole rule", () => {
  const rule = sampleRule();
  assert.ok(isSameRule(rule, sampleRule()));
  for (const other of [{ limit: 101n }, { alertPercents: [80] }, { window: { ...rule.window, anchorDay: 2 } }]) {
    assert.ok(!isSameRule(rule, sampleRule(other)), JSON.stringify(Object.keys(other)));
  }
  assert.ok(hasSameWindows(rule, sampleRule({ limit: 1n })));
  assert.ok(!hasSameWindows(rule, sampleRule({ window: { ...rule.window, timeZone: "Europe/Berlin" } })));
});
