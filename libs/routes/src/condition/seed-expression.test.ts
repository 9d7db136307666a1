// The seed's string expressions: what they become, and that an exported one reads as the same condition.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "./compile-condition.ts";
import type { Facts } from "./facts.ts";
import { fromSeedExpression } from "./seed-expression.ts";
import { toMongo } from "./to-mongo.ts";
import { toSeedExpression } from "./to-seed-expression.ts";

function factsAt(hour: number): Facts {
  const caller = { organisation_id: "", team_id: "", user_id: "", key_id: "", end_user_id: "", tags: {} };
  const flags = { stream: false, has_tools: false, has_images: false, has_json_schema: false };
  const sizes = { estimated_input_tokens: 0, max_output_tokens: 0, context_tokens: 0, part_count: 0 };
  const request = { model: "", path: "", session_id: "", ...flags, ...sizes, hour, weekday: 1 };
  return { metadata: {}, headers: {}, body: {}, request, caller, budget: undefined, model: {} };
}

test("an expression of the seed becomes CEL that means what its author meant, and the way back is the expression", () => {
  const table: [string, string][] = [
    ['metadata.user_plan == "paid"', 'metadata.user_plan == "paid"'],
    ['metadata.user_plan != "paid"', '!holds(metadata.user_plan == "paid")'],
    ["metadata.seats >= 5 && request.hour < 8", "double(metadata.seats) >= 5.0 && request.hour < 8"],
    ['!(headers.x-region in ["eu", "us"])', '!holds(headers["x-region"] in ["eu", "us"])'],
    [
      '(metadata.a == "x" || metadata.b == "y") && budget.used_share < 0.5',
      '(metadata.a == "x" || metadata.b == "y") && budget.used_share < 0.5',
    ],
    ["request.stream == true", "request.stream == true"],
    ['metadata.a == "b.c-d \\"e\\""', 'metadata.a == "b.c-d \\"e\\""'],
  ];
  for (const [expression, cel] of table) {
    assert.equal(fromSeedExpression(expression, assert.fail), cel);
    assert.equal(toSeedExpression(cel), expression);
    compileCondition(cel, assert.fail);
  }
});

test("other spellings are understood", () => {
  assert.equal(fromSeedExpression("'paid' == metadata.user_plan", assert.fail), 'metadata.user_plan == "paid"');
  assert.equal(fromSeedExpression("5 < request.hour", assert.fail), "request.hour > 5");
  assert.equal(
    fromSeedExpression("request.stream && !request.has_tools", assert.fail),
    "request.stream == true && !(request.has_tools == true)",
  );
  assert.equal(fromSeedExpression('metadata.a.startsWith("x")', assert.fail), 'metadata.a.startsWith("x")');
});

test("an expression that means nothing is refused", () => {
  for (const broken of [
    "",
    "metadata.a = 1",
    "prompt.x == 1",
    'request.hour == "x"',
    "metadata.a == ",
    "a b",
    "x".repeat(20_000),
    "(".repeat(9_000),
  ]) {
    const problems: string[] = [];
    assert.equal(
      fromSeedExpression(broken, (where, problem) => problems.push(`${where} ${problem}`)),
      "false",
    );
    assert.equal(problems.length, 1, broken.slice(0, 30));
  }
});

test("the opposite of a comparison is right at its edge", () => {
  for (const operator of ["==", "!=", "<", "<=", ">", ">="]) {
    for (const condition of [
      `!(request.hour ${operator} 5)`,
      `!(5 ${operator} request.hour)`,
      `5 ${operator} request.hour`,
    ]) {
      const exported = compileCondition(toMongo(condition), assert.fail);
      const seed = compileCondition(fromSeedExpression(condition, assert.fail), assert.fail);
      const plain = compileCondition(condition, assert.fail);
      for (const hour of [4, 5, 6]) {
        const facts = factsAt(hour);
        assert.equal(exported.holds(facts), plain.holds(facts), `${condition} at ${hour}`);
        assert.equal(seed.holds(facts), plain.holds(facts), `${condition} at ${hour}`);
      }
    }
  }
});

test("what a target cannot say is not said", () => {
  const table: [string, unknown, string | undefined][] = [
    ['metadata.a != "x"', { "metadata.a": { $exists: true, $ne: "x" } }, undefined],
    ['!(metadata.a in ["x"])', { "metadata.a": { $exists: true, $nin: ["x"] } }, undefined],
    [
      '!(metadata.a.contains("x"))',
      { $and: [{ "metadata.a": { $exists: true } }, { $nor: [{ "metadata.a": { $contains: "x" } }] }] },
      undefined,
    ],
    ["!(double(metadata.a) > 3.0)", { "metadata.a": { $lte: 3 } }, "metadata.a <= 3"],
    ["!request.stream", { "request.stream": { $eq: false } }, "request.stream == false"],
    ['"plan" in metadata', { "metadata.plan": { $exists: true } }, undefined],
    ['!holds("a-b" in body.metadata)', { "body.metadata.a-b": { $exists: false } }, undefined],
    ["double(metadata.a) != 3.0", undefined, undefined],
    ["metadata.a == metadata.b", undefined, undefined],
    ['metadata.a.startsWith("x")', undefined, undefined],
    ['metadata.all(k, k == "x")', undefined, undefined],
    ["no CEL", undefined, undefined],
  ];
  for (const [cel, mongo, seed] of table) {
    assert.deepEqual(toMongo(cel), mongo, cel);
    assert.equal(toSeedExpression(cel), seed, cel);
  }
});
