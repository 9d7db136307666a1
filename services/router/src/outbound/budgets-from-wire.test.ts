import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget, BudgetUnit, Enforcement, Exhaustion, WhenAway } from "@waybill/wire";
import { fromWireBudgets } from "./budgets-from-wire.ts";

test("the rule of a budget arrives whole: unit, strictness, template, and what happens at its end and while nobody can be asked", () => {
  const budget = Budget.create({
    ...{
      id: "b",
      name: "B",
      scope: { teamId: "t" },
      unit: BudgetUnit.TOKENS,
      enforcement: Enforcement.SOFT,
      per: "end_user_id",
    },
    ...{ onExhausted: Exhaustion.DOWNGRADE, whenAway: WhenAway.ALLOW, awayAllowance: "7" },
  });
  const [read] = fromWireBudgets([budget]);
  assert.deepEqual(
    [read?.unit, read?.hard, read?.per, read?.scope.teamId],
    [BudgetUnit.TOKENS, false, "endUserId", "t"],
  );
  assert.deepEqual(
    [read?.onExhausted, read?.whenAway, read?.awayAllowance],
    [Exhaustion.DOWNGRADE, WhenAway.ALLOW, 7n],
  );
});

test("what this program does not know is taken strictly: hard, and one counter for all", () => {
  const unknown = Budget.create({ id: "b", scope: {}, enforcement: 9 as Enforcement, per: "moon_phase" });
  const [read] = fromWireBudgets([unknown]);
  assert.deepEqual([read?.hard, read?.per, read?.awayAllowance], [true, undefined, 0n]);
});
