// What applying a file would change.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Budget } from "../api/budgets.ts";
import { planBudgets, planLines } from "./plan-budgets.ts";

const onServer = (id: string, limit: string): Budget => ({
  ...{ id, name: id, scope: { organisationId: "acme" }, unit: "usd", limit, enforcement: "hard", maxSharePercent: 50 },
  window: {
    kind: "day",
    seconds: null,
    timeZone: "UTC",
    anchorWeekday: 1,
    anchorDay: 1,
    anchorMonth: 1,
    anchorAt: null,
  },
  ...{ carryOver: false, per: null, onExhausted: "refuse", whenAway: "deny", awayAllowance: null, alertPercents: [] },
  raise: null,
});
const filed = (id: string, limit: string, organisationId?: string) => ({
  id,
  fields: { name: id, limit, window: { kind: "day" }, ...(organisationId && { scope: { organisationId } }) },
});

test("budgets are new, changed, the same or only on the server, and the organisation may be left out", () => {
  const present = [onServer("a", "5"), onServer("b", "5"), onServer("c", "5")];
  const planned = planBudgets([filed("a", "5"), filed("b", "6", "acme"), filed("d", "1")], present, {
    prune: false,
    organisation: undefined,
  });
  assert.deepEqual(planLines(planned), [
    ...["same: a", "changed: b", "  limit: 5 -> 6", "new: d", "only on the server: c"],
  ]);
});

test("what is only on the server is deleted only when asked", () => {
  const planned = planBudgets([], [onServer("a", "5")], { prune: true, organisation: undefined });
  assert.deepEqual(planLines(planned), ["deleted: a"]);
});

test("an organisation that is said is the one that is meant", () => {
  const planned = planBudgets([filed("a", "5")], [onServer("a", "5")], { prune: false, organisation: "other" });
  assert.deepEqual(planLines(planned), ["changed: a", "  scope.organisationId: acme -> other"]);
});
