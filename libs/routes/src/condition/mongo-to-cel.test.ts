// Mongo-like conditions, operator by operator: the CEL they become, and every problem with its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "./compile-condition.ts";

function celOf(condition: unknown): string {
  return compileCondition(condition, (where, problem) => assert.fail(`${where} ${problem}`)).cel;
}
function problemsOf(condition: unknown): string[] {
  const problems: string[] = [];
  compileCondition(condition, (where, problem) => problems.push(`${where}: ${problem}`));
  return problems;
}

test("each operator has its CEL", () => {
  const table: [unknown, string][] = [
    [{ "metadata.a": "x" }, 'metadata.a == "x"'],
    [{ "metadata.a": { $eq: 5 } }, "double(metadata.a) == 5.0"],
    [{ "metadata.a": true }, 'metadata.a == "true"'],
    [{ "metadata.a": { $ne: "x" } }, '!holds(metadata.a == "x")'],
    [{ "metadata.a": { $gt: 5, $lte: 7.5 } }, "double(metadata.a) > 5.0 && double(metadata.a) <= 7.5"],
    [{ "metadata.a": { $gte: "b", $lt: "c" } }, 'metadata.a >= "b" && metadata.a < "c"'],
    [{ "metadata.a": { $in: ["x", "y"] } }, 'metadata.a in ["x", "y"]'],
    [{ "metadata.a": { $in: ["x", 5] } }, 'metadata.a in ["x"] || double(metadata.a) in [5.0]'],
    [{ "metadata.a": { $nin: ["x"] } }, '!holds(metadata.a in ["x"])'],
    [{ "metadata.a": { $exists: true } }, "has(metadata.a)"],
    [{ "headers.x-user-plan": { $exists: false } }, '!("x-user-plan" in headers)'],
    [{ "metadata.a": { $regex: "^p\\d" } }, 'metadata.a.matches("^p\\\\d")'],
    [{ "metadata.a": { $contains: "x" } }, 'metadata.a.contains("x")'],
    [{ "metadata.a": { $not: { $gt: 5 } } }, "!holds(double(metadata.a) > 5.0)"],
    [{ $not: { "request.hour": 5 } }, "!(request.hour == 5)"],
    [
      { $nor: [{ "metadata.a": "x" }, { "request.stream": true }] },
      '!holds(metadata.a == "x" || request.stream == true)',
    ],
    [
      { $or: [{ "metadata.a": "x" }, { "metadata.b": "y", "request.hour": { $lt: 8 } }] },
      'metadata.a == "x" || metadata.b == "y" && request.hour < 8',
    ],
    [{ "headers.X-Region": "eu" }, 'headers["x-region"] == "eu"'],
    [{ "caller.tags.cost.center": "7" }, 'caller.tags["cost.center"] == "7"'],
    [{ "body.metadata.x-y": 5 }, 'body.metadata["x-y"] == 5.0'],
    [{ "budget.used_share": { $gte: 1 } }, "budget.used_share >= 1.0"],
    [{ "model.openai/gpt-4.1.circuit": { $ne: "open" } }, '!holds(model["openai/gpt-4.1"].circuit == "open")'],
    [{ "model.openai/gpt-4.1.live": { $exists: true } }, '"openai/gpt-4.1" in model'],
  ];
  for (const [condition, cel] of table) assert.equal(celOf(condition), cel);
});

test("every problem is named with its place, all at once", () => {
  assert.deepEqual(
    problemsOf({ $or: [{ "metadata.a": { $like: "x" } }, { "prompt.text": "x" }, { "request.hour": "5" }] }),
    [
      "condition.$or[0].metadata.a.$like: is no operator; there are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $contains, $not",
      "condition.$or[1].prompt.text: is no field; there are metadata.*, headers.*, body.*, request.*, caller.*, budget.*, model.*",
      "condition.$or[2].request.hour: must be compared with a number",
    ],
  );
});

test("what means nothing is refused", () => {
  for (const broken of [
    undefined,
    null,
    5,
    [],
    {},
    { $and: [] },
    { $xor: [] },
    { $not: "x" },
    { "metadata.a": {} },
    { "metadata.a": null },
    { "metadata.a": [] },
    { "metadata.a": { $gt: true } },
    { "metadata.a": { $in: [] } },
    { "metadata.a": { $in: [["x"]] } },
    { "metadata.a": { $exists: 1 } },
    { "metadata.a": { $regex: "[" } },
    { "metadata.a": { $not: 5 } },
    { "metadata.a": { $gt: Number.NaN } },
    { "metadata.a": { constructor: 5 } },
    { "metadata.": 1 },
    { metadata: 1 },
    { "body.a.b": 1 },
    { "request.hour": { $in: [5.5] } },
    { "request.hour": { $contains: "5" } },
    { "request.stream": { $gt: true } },
    { "caller.tags": "x" },
    { "model.live": true },
    { "budget.share": 1 },
  ]) {
    assert.equal(problemsOf(broken).length, 1, JSON.stringify(broken));
  }
});
