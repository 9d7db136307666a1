// Every budget that matches is found, and the cost of finding does not grow with the others.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BudgetIndex, type BudgetScope, EMPTY_SCOPE, type ScopeFacts } from "./budget-index.ts";
import { sampleBudget } from "./sample-models.ts";

const FACTS: ScopeFacts = {
  organisationId: "o1",
  teamId: "t1",
  userId: "u1",
  keyId: "k1",
  endUserId: "",
  tags: { project: "apollo" },
};
const TARGET = { route: "support", provider: "sim", model: "premium" };

test("every field that is set must match", () => {
  const index = new BudgetIndex([
    sampleBudget("org", { organisationId: "o1" }),
    sampleBudget("other-org", { organisationId: "o2" }),
    sampleBudget("team-on-model", { teamId: "t1", model: "premium" }),
    sampleBudget("team-on-other-model", { teamId: "t1", model: "economy" }),
    sampleBudget("route", { route: "support" }),
    sampleBudget("tag", { tagName: "project", tagValue: "apollo" }),
    sampleBudget("any-project", { tagName: "project" }),
    sampleBudget("other-tag", { tagName: "project", tagValue: "gemini" }),
    sampleBudget("nobody", { endUserId: "e1" }),
  ]);
  const ids = index.match(FACTS, TARGET).map(({ id }) => id);
  assert.deepEqual(ids.sort(), ["any-project", "org", "route", "tag", "team-on-model"]);
});

test("an empty scope matches nothing: it is refused when a budget is saved", () => {
  assert.deepEqual(new BudgetIndex([sampleBudget("all", {})]).match(FACTS, TARGET), []);
});

test("a tag that looks like a property of every object is only a tag", () => {
  const index = new BudgetIndex([sampleBudget("proto", { tagName: "constructor" })]);
  assert.deepEqual(index.match(FACTS, TARGET), []);
});

test("the index finds what looking at every budget finds", () => {
  const word = fc.constantFrom("", "a", "b");
  const scope: fc.Arbitrary<BudgetScope> = fc.record({
    organisationId: word,
    teamId: word,
    userId: word,
    keyId: word,
    endUserId: word,
    route: word,
    provider: word,
    model: word,
    tagName: word,
    tagValue: word,
  });
  const facts = fc.record({ organisationId: word, teamId: word, userId: word, keyId: word, endUserId: word });
  const target = fc.record({ route: word, provider: word, model: word });
  fc.assert(
    fc.property(
      fc.array(scope, { maxLength: 20 }),
      facts,
      target,
      fc.dictionary(word, word),
      (scopes, who, to, tags) => {
        const budgets = scopes.map((one, index) => sampleBudget(`b${index}`, one));
        const given: Record<string, string> = { ...who, ...to };
        const expected = budgets.filter(({ scope: one }) => {
          const { tagName, tagValue, ...plain } = one;
          if (Object.values({ ...plain, tagName }).every((value) => value === "")) return false;
          const isPlainFit = Object.entries(plain).every(([name, value]) => value === "" || value === given[name]);
          const hasTag = Object.hasOwn(tags, tagName) && (tagValue === "" || tags[tagName] === tagValue);
          return isPlainFit && (tagName === "" || hasTag);
        });
        const found = new BudgetIndex(budgets).match({ ...who, tags }, to);
        assert.deepEqual(found.map(({ id }) => id).sort(), expected.map(({ id }) => id).sort());
      },
    ),
  );
});

test("ten thousand budgets of others cost a request nothing", () => {
  const budgets = Array.from({ length: 10_000 }, (_, n) =>
    sampleBudget(`b${n}`, { organisationId: `o${n}`, userId: `u${n}` }),
  );
  const index = new BudgetIndex(budgets);
  const few = new BudgetIndex(budgets.slice(0, 10));
  const quickestMs = (one: BudgetIndex): number =>
    Math.min(
      ...Array.from({ length: 20 }, () => {
        const startedMs = performance.now();
        for (let n = 0; n < 1_000; n += 1) one.match(FACTS, TARGET);
        return performance.now() - startedMs;
      }),
    );
  // Looked at one by one they would take a thousand times as long.
  const ratio = quickestMs(index) / quickestMs(few);
  assert.ok(ratio < 20, `${ratio} times as long as among ten`);
  assert.equal(index.match({ ...FACTS, organisationId: "o7", userId: "u7" }, TARGET).length, 1);
  assert.deepEqual(Object.keys(EMPTY_SCOPE).length, 10);
});
