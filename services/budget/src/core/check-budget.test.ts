// Every limit of a budget's fields and every contradiction, each named by its field; and all at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleRule } from "./budget-rule.test.ts";
import type { BudgetRule, ScopeField, WindowRule } from "./budget-rule.ts";
import { AMOUNT_MAX, checkBudget } from "./check-budget.ts";

const fieldsOf = (given: Partial<BudgetRule>): string[] => checkBudget(sampleRule(given)).map(({ field }) => field);
const window = (given: Partial<WindowRule>): Partial<BudgetRule> => ({ window: { ...sampleRule().window, ...given } });
const scope = (given: Partial<Record<ScopeField, string>>): Partial<BudgetRule> => ({
  scope: { ...sampleRule().scope, ...given },
});

const SOUND: Readonly<Record<string, Partial<BudgetRule>>> = {
  "a monthly budget": {},
  "the largest amount and the most alerts": { limit: AMOUNT_MAX, alertPercents: [1, 2, 3, 4, 5, 6, 7, 8, 9, 1_000] },
  "a fiscal quarter in a zone": window({ kind: "quarter", timeZone: "Europe/Berlin", anchorMonth: 4, anchorDay: 28 }),
  "a week from Sunday": window({ kind: "week", anchorWeekday: 7 }),
  "a rolling day": window({ kind: "rolling", seconds: 86_400n }),
  "a fixed hour with an anchor": window({ kind: "fixed", seconds: 3_600n, anchorAtSeconds: 1_800n }),
  "a template beside another field": { ...scope({ teamId: "t" }), per: "user_id" },
  "an allowance while away": { whenAway: "allow", awayAllowance: 100n },
  "requests with a fallback out of the model": { ...scope({ model: "m" }), unit: "requests", onExhausted: "fallback" },
  "a soft one that downgrades": { enforcement: "soft", onExhausted: "downgrade" },
};
for (const [name, given] of Object.entries(SOUND)) {
  test(`${name} is sound`, () => assert.deepEqual(checkBudget(sampleRule(given)), []));
}

const WRONG: readonly (readonly [field: string, why: string, given: Partial<BudgetRule>])[] = [
  ["id", "with capitals", { id: "Budget" }],
  ["id", "too long", { id: "a".repeat(128) }],
  ["name", "empty", { name: " " }],
  ["name", "with a line break", { name: "a\nb" }],
  ["name", "too long", { name: "a".repeat(129) }],
  ["limit", "nothing", { limit: 0n }],
  ["limit", "too much", { limit: AMOUNT_MAX + 1n }],
  ["scope.endUserId", "too long", scope({ endUserId: "a".repeat(257) })],
  ["scope.tag.name", "left out", scope({ tagValue: "prod" })],
  ["scope.tag.value", "left out", scope({ tagName: "env" })],
  ["per", "unknown", { per: "route" }],
  ["per", "of what the scope names", { ...scope({ userId: "ada" }), per: "user_id" }],
  ["maxSharePercent", "too large", { maxSharePercent: 101 }],
  ["alertPercents", "too many", { alertPercents: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }],
  ["alertPercents", "twice", { alertPercents: [80, 80] }],
  ["alertPercents", "beyond 1000", { alertPercents: [1_001] }],
  ["window.kind", "unknown", window({ kind: "fortnight" })],
  ["window.seconds", "of a month", window({ seconds: 60n })],
  ["window.seconds", "missing", window({ kind: "rolling" })],
  ["window.seconds", "too many", window({ kind: "fixed", seconds: 315_360_001n })],
  ["window.timeZone", "of a length", window({ kind: "fixed", seconds: 60n, timeZone: "Europe/Berlin" })],
  ["window.anchorWeekday", "of a month", window({ anchorWeekday: 2 })],
  ["window.anchorWeekday", "beyond Sunday", window({ kind: "week", anchorWeekday: 8 })],
  ["window.anchorDay", "that not every month has", window({ anchorDay: 29 })],
  ["window.anchorDay", "of a week", window({ kind: "week", anchorDay: 2 })],
  ["window.anchorMonth", "of a month", window({ anchorMonth: 4 })],
  ["window.anchorMonth", "beyond December", window({ kind: "year", anchorMonth: 13 })],
  ["window.anchorAt", "of a month", window({ anchorAtSeconds: 60n })],
  ["window.anchorAt", "before 1970", window({ kind: "fixed", seconds: 60n, anchorAtSeconds: -1n })],
  ["whenAway", "of a soft one", { enforcement: "soft", whenAway: "allow", awayAllowance: 1n }],
  ["whenAway", "of an observing one", { enforcement: "observe", whenAway: "downgrade" }],
  ["onExhausted", "of an observing one", { enforcement: "observe", onExhausted: "fallback" }],
  ["onExhausted", "of requests to anything", { unit: "requests", onExhausted: "downgrade" }],
  ["awayAllowance", "missing", { whenAway: "allow" }],
  ["awayAllowance", "without being allowed", { awayAllowance: 1n }],
  ["awayAllowance", "more than the limit", { whenAway: "allow", awayAllowance: 101n }],
  ["carryOver", "of a total", { ...window({ kind: "total" }), carryOver: true }],
  ["carryOver", "of a rolling window", { ...window({ kind: "rolling", seconds: 60n }), carryOver: true }],
];
for (const [field, why, given] of WRONG) {
  test(`${field} ${why} is refused by its name and nothing else is`, () => assert.deepEqual(fieldsOf(given), [field]));
}

test("everything that is wrong is said at once", () => {
  const found = fieldsOf({
    id: "",
    name: "",
    limit: 0n,
    ...window({ kind: "week", anchorDay: 0 }),
    alertPercents: [0],
  });
  assert.deepEqual(found, ["id", "name", "limit", "alertPercents", "window.anchorDay"]);
});
