// A file of budgets: what it may say, what it may not, and that what is exported reads as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Budget } from "../api/budgets.ts";
import { Ending, ProblemsEnding } from "../exit-codes.ts";
import { differingFields } from "./budget-fields.ts";
import { formatBudgets, parseBudgets } from "./budgets-file.ts";

const BUDGET: Budget = {
  ...{
    id: "b",
    name: "B: the first",
    scope: { organisationId: "acme", tag: { name: "env", value: "prod" } },
    unit: "tokens",
  },
  ...{
    limit: "1000",
    enforcement: "soft",
    maxSharePercent: 25,
    carryOver: true,
    per: "userId",
    onExhausted: "downgrade",
  },
  window: {
    ...{ kind: "quarter", seconds: null, timeZone: "Europe/Berlin", anchorWeekday: 1, anchorDay: 2, anchorMonth: 4 },
    anchorAt: null,
  },
  ...{ whenAway: "deny", awayAllowance: null, alertPercents: [80, 100], raise: { by: "1", reason: "r", until: "u" } },
  standing: null,
};

const problemsOf = (text: string): string[] => {
  try {
    parseBudgets("f.yaml", text);
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsEnding, String(error));
    return error.problems.map(({ node, field }) => `${node} ${field}`);
  }
};

test("what is exported reads as it was, without raise and standing", () => {
  const text = formatBudgets([BUDGET]);
  assert.doesNotMatch(text, /raise|standing/);
  const [read, ...more] = parseBudgets("f.yaml", text);
  assert.deepEqual([read?.id, more], ["b", []]);
  assert.deepEqual(
    differingFields(BUDGET, read?.fields ?? assert.fail()).filter(({ field }) => !/^(id|raise|standing)$/.test(field)),
    [],
  );
});

test("a limit may say its unit or stand beside one, and a name is the id where there is none", () => {
  const [one, two] = parseBudgets(
    "f.yaml",
    'budgets: [{id: a, limit: 5usd, window: rolling:1h}, {id: b, name: B, limit: "7", unit: requests, window: {kind: day}}]',
  );
  assert.deepEqual([one?.fields.name, one?.fields.limit, one?.fields.unit], ["a", "5", "usd"]);
  assert.deepEqual([two?.fields.limit, two?.fields.unit, two?.fields.window], ["7", "requests", { kind: "day" }]);
});

test("every slip is named with its budget and field, at once", () => {
  const text = `budgets:
  - { id: a, limit: 5, window: month }
  - { id: a, limit: 5usd, unit: tokens, window: fortnight, colour: red }
  - { limit: 5usd, window: {} }
`;
  assert.deepEqual(problemsOf(text), [
    ...["a limit", "a id", "a colour", "a unit", "a window", "budgets[2] id", "budgets[2] window"],
  ]);
});

test("what is no such file says so", () => {
  for (const text of ["a: [", "5", "routes: []", "budgets: {}"]) {
    assert.throws(
      () => parseBudgets("f.yaml", text),
      (error) => error instanceof Ending && error.message.startsWith("f.yaml"),
    );
  }
});
