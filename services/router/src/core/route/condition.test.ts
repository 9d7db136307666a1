// Conditions: what they mean, and that they never throw.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileCondition, type Facts } from "./condition.ts";

const FACTS: Facts = {
  metadata: { user_plan: "paid", seats: "12", empty: "" },
  headers: { "x-region": "eu" },
  request: { estimated_input_tokens: 900, has_tools: true },
  caller: { team_id: "support" },
  tags: { project: "apollo" },
};

function holds(condition: unknown): boolean {
  const problems: string[] = [];
  const compiled = compileCondition(condition, (where, problem) => problems.push(`${where} ${problem}`));
  assert.deepEqual(problems, []);
  return compiled(FACTS);
}
function problemsOf(condition: unknown): string[] {
  const problems: string[] = [];
  compileCondition(condition, (where) => problems.push(where));
  return problems;
}

test("comparisons", () => {
  for (const condition of [
    { "metadata.user_plan": { $eq: "paid" } },
    { "metadata.user_plan": "paid" },
    { "metadata.user_plan": { $ne: "free" } },
    { "metadata.user_plan": { $in: ["trial", "paid"] } },
    { "metadata.user_plan": { $nin: ["trial"] } },
    { "metadata.seats": { $gt: 3, $lte: 12 } },
    { "metadata.seats": 12 },
    { "request.estimated_input_tokens": { $lt: 1_000 } },
    { "request.has_tools": true },
    { "headers.x-region": "eu", "caller.team_id": "support", "caller.tags.project": "apollo" },
    { $or: [{ "metadata.user_plan": "free" }, { "metadata.user_plan": "paid" }] },
    { $and: [{ "metadata.user_plan": "paid" }, { $not: { "metadata.seats": { $gt: 100 } } }] },
    { "metadata.gone": { $exists: false } },
    { "metadata.empty": { $exists: true } },
  ]) {
    assert.ok(holds(condition), JSON.stringify(condition));
  }
});

test("a comparison with something missing is false, whatever the operator", () => {
  for (const operator of ["$eq", "$ne", "$gt", "$lt"])
    assert.ok(!holds({ "metadata.gone": { [operator]: 1 } }), operator);
  assert.ok(!holds({ "metadata.gone": { $nin: [1] } }));
  assert.ok(!holds({ "metadata.constructor": { $ne: "x" } }), "only own properties are there");
});

test("text that is no number is neither more nor less than one", () => {
  assert.ok(!holds({ "metadata.user_plan": { $gt: 0 } }));
  assert.ok(!holds({ "metadata.empty": { $lte: 0 } }));
});

test("every problem is named with its place", () => {
  assert.deepEqual(problemsOf({ $or: [{ "metadata.a": { $like: "x" } }, { "prompt.text": "x" }] }), [
    "condition.$or[0].metadata.a.$like",
    "condition.$or[1].prompt.text",
  ]);
  for (const broken of [
    undefined,
    null,
    [],
    "x",
    {},
    { $and: [] },
    { $xor: [] },
    { "metadata.a": {} },
    { "metadata.": 1 },
  ]) {
    assert.equal(problemsOf(broken).length, 1, JSON.stringify(broken));
  }
});

test("a bomb of nested conditions is refused", () => {
  let deep: object = { "metadata.a": 1 };
  for (let n = 0; n < 10_000; n += 1) deep = { $not: deep };
  assert.match(problemsOf(deep)[0] ?? "", /\$not/);
  const wide = { $or: Array.from({ length: 5_000 }, () => ({ "metadata.a": 1 })) };
  assert.ok(problemsOf(wide).length > 0);
});

test("whatever is compiled, evaluating never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.dictionary(fc.string(), fc.string()), (condition, metadata) => {
      const compiled = compileCondition(condition, () => {});
      assert.equal(typeof compiled({ ...FACTS, metadata }), "boolean");
    }),
  );
});
