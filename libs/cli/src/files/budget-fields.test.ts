// Budgets compared whole, and written short.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BudgetFields } from "../api/budgets.ts";
import { differingFields, shortFields } from "./budget-fields.ts";

const SHORT: BudgetFields = { name: "B", scope: { teamId: "t" }, limit: "5", window: { kind: "month" } };
const WHOLE: BudgetFields = {
  ...{ name: "B", scope: { teamId: "t" }, unit: "usd", limit: "5.00", enforcement: "hard", maxSharePercent: 50 },
  window: {
    kind: "month",
    seconds: null,
    timeZone: "UTC",
    anchorWeekday: 1,
    anchorDay: 1,
    anchorMonth: 1,
    anchorAt: null,
  },
  ...{ carryOver: false, per: null, onExhausted: "refuse", whenAway: "deny", awayAllowance: null, alertPercents: [] },
};

test("what is left out is what is default, and 5 is 5.00", () => {
  assert.deepEqual(differingFields(SHORT, WHOLE), []);
});

test("each field that differs is named by its path, with both values", () => {
  const after: BudgetFields = {
    ...SHORT,
    scope: { userId: "u", tag: { name: "env", value: "prod" } },
    limit: "6",
    window: { kind: "fixed", seconds: 60, anchorAt: "2026-01-01T00:00:00+01:00" },
    alertPercents: [80],
  };
  assert.deepEqual(
    differingFields(SHORT, after).map(({ field, before, after }) => `${field} ${before} ${after}`),
    [
      ...["alertPercents [] [80]", "limit 5 6", "scope.tag - env=prod", "scope.teamId t -", "scope.userId - u"],
      ...["window.anchorAt - 2025-12-31T23:00:00.000Z", "window.kind month fixed", "window.seconds - 60"],
    ],
  );
});

test("written short, only what is not default stays, and the limit has its unit", () => {
  assert.deepEqual(shortFields(WHOLE), { name: "B", scope: { teamId: "t" }, limit: "5usd", window: "month" });
  const weekly = {
    ...WHOLE,
    unit: "tokens",
    window: { ...WHOLE.window, kind: "week", anchorWeekday: 7 },
    per: "userId",
  };
  assert.deepEqual(shortFields(weekly), {
    ...{
      name: "B",
      scope: { teamId: "t" },
      limit: "5tokens",
      window: { kind: "week", anchorWeekday: 7 },
      per: "userId",
    },
  });
});
