// Budgets within budgets: which can never bind, and which can although it looks otherwise.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleRule } from "./budget-rule.test.ts";
import type { BudgetRule, ScopeField } from "./budget-rule.ts";
import { checkReach, type PlacedBudget } from "./check-reach.ts";

interface Given extends Partial<Omit<BudgetRule, "scope">> {
  scope?: Partial<Record<ScopeField, string>>;
  implied?: Partial<PlacedBudget["implied"]>;
}

const placed = ({ scope, implied, ...rest }: Given): PlacedBudget => ({
  rule: sampleRule({ ...rest, scope: { ...sampleRule().scope, ...scope } }),
  implied: { teamId: "", userId: "", ...implied },
});
const ORGANISATION: Given = { id: "all", limit: 100n };
const TEAM: Given = { id: "team", limit: 200n, scope: { teamId: "support" } };
const says = (mine: Given, ...others: Given[]): string[] =>
  checkReach(placed(mine), others.map(placed)).map(
    ({ field, problem }) => `${field} ${problem.split(" ").slice(0, 4).join(" ")}`,
  );

const NEVER = ["limit can never bind: budget"];

test("a narrower budget over the same windows with a larger limit can never bind, and the other one is named", () => {
  assert.deepEqual(says(TEAM, ORGANISATION), NEVER);
  assert.match(checkReach(placed(TEAM), [placed(ORGANISATION)])[0]?.problem ?? "", /budget all .* 0\.0000000001 USD/);
});

test("and so it is told to whoever saves the wider one", () => {
  assert.deepEqual(says(ORGANISATION, TEAM), ["limit keeps budget team from"]);
});

test("the same scope with a larger limit, a user of the team, a key of the user, and a template's counters lie within", () => {
  assert.deepEqual(says({ id: "more", limit: 101n }, ORGANISATION), NEVER);
  const team: Given = { ...TEAM, limit: 100n };
  assert.deepEqual(says({ limit: 101n, scope: { userId: "ada" }, implied: { teamId: "support" } }, team), NEVER);
  assert.deepEqual(
    says({ limit: 101n, scope: { keyId: "abcd" }, implied: { teamId: "support", userId: "ada" } }, team),
    NEVER,
  );
  assert.deepEqual(says({ limit: 101n, per: "user_id" }, ORGANISATION), NEVER);
  const perUser: Given = { id: "each", limit: 100n, per: "user_id" };
  assert.deepEqual(says({ limit: 101n, scope: { userId: "ada" } }, perUser), NEVER);
});

const CAN_BIND: Readonly<Record<string, readonly [mine: Given, other: Given]>> = {
  "with the same limit": [{ ...TEAM, limit: 100n }, ORGANISATION],
  "with a smaller limit": [{ ...TEAM, limit: 99n }, ORGANISATION],
  "over other windows": [{ ...TEAM, window: { ...sampleRule().window, kind: "day" } }, ORGANISATION],
  "in another unit": [{ ...TEAM, unit: "tokens" }, ORGANISATION],
  "beside another team's": [TEAM, { id: "other", limit: 100n, scope: { teamId: "research" } }],
  "under a soft one": [TEAM, { ...ORGANISATION, enforcement: "soft" }],
  "under one that carries over": [TEAM, { ...ORGANISATION, carryOver: true }],
  "over a template's many counters": [TEAM, { id: "each", limit: 100n, per: "user_id" }],
  "that only observes": [{ ...TEAM, enforcement: "observe" }, ORGANISATION],
};
for (const [name, [mine, other]] of Object.entries(CAN_BIND)) {
  test(`a budget ${name} is no such`, () => assert.deepEqual(says(mine, other), []));
}

test("twenty problems are enough", () => {
  const many = Array.from({ length: 30 }, (_, index): Given => ({ id: `b${index}`, limit: 100n }));
  assert.equal(says(TEAM, ...many).length, 20);
});
