// Bombs: whatever is saved, it is refused at once, and what is let in is cheap to evaluate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "./compile-condition.ts";
import type { Facts } from "./facts.ts";
import {
  CONDITION_CHARACTERS_MAX,
  CONDITION_COST_MAX,
  CONDITION_DEPTH_MAX,
  CONDITION_LIST_MAX,
  MAP_ENTRIES_MAX,
  MATCH_TEXT_CHARACTERS_MAX,
  MODEL_ENTRIES_MAX,
  MONGO_DEPTH_MAX,
  MONGO_TERMS_MAX,
  PATTERN_CHARACTERS_MAX,
} from "./limits.ts";

/** Two cores are shared with other tests, so not the few milliseconds it really takes. */
const REFUSED_WITHIN_MS = 500;

function problemsOf(condition: unknown): string[] {
  const problems: string[] = [];
  const began = performance.now();
  compileCondition(condition, (where, problem) => problems.push(`${where} ${problem}`));
  assert.ok(performance.now() - began < REFUSED_WITHIN_MS, "took too long");
  return problems;
}
function nested(operator: (inner: unknown) => unknown, levels: number): unknown {
  let condition: unknown = { "metadata.a": "x" };
  for (let level = 0; level < levels; level += 1) condition = operator(condition);
  return condition;
}
function factsWith(metadata: Record<string, string>, model: Facts["model"] = {}): Facts {
  const caller = { organisation_id: "", team_id: "", user_id: "", key_id: "", end_user_id: "", tags: {} };
  const texts = { model: "", path: "", session_id: "" };
  const flags = { stream: false, has_tools: false, has_images: false, has_json_schema: false };
  const sizes = {
    estimated_input_tokens: 0,
    max_output_tokens: 0,
    context_tokens: 0,
    part_count: 0,
    hour: 0,
    weekday: 1,
  };
  const request = { ...texts, ...flags, ...sizes };
  return { metadata, headers: {}, body: {}, request, caller, budget: undefined, model };
}

test("text bombs are refused, each with its limit", () => {
  const repeated = CONDITION_CHARACTERS_MAX - 10;
  const bombs: [string, RegExp][] = [
    [`${"(".repeat(10_000)}true${")".repeat(10_000)}`, /longer than 16384 characters/],
    [`${"(".repeat(8_000)}true${")".repeat(8_000)}`, /nested deeper than 64/],
    [`"${"x".repeat(5_000_000)}" == metadata.a`, /longer than 16384/],
    [`${"!".repeat(repeated)}true`, /nested too deeply/],
    [`${"-".repeat(repeated)}1 == 1`, /nested too deeply/],
    [`${"!".repeat(CONDITION_DEPTH_MAX)}true`, /nested deeper than 64/],
    ["[".repeat(repeated), /nested deeper than 64/],
    [`metadata${".a".repeat(5_000)} == "x"`, /nested deeper than 64/],
    [`request.hour${" + 1".repeat(3_000)} == 1`, /has more than 4000|nested deeper/],
    [`${"true ? true : ".repeat(1_000)}true`, /nested deeper than 64/],
    [`1 in [${"1,".repeat(CONDITION_LIST_MAX)}1]`, /list of more than 200 elements/],
    [`${"true && ".repeat(2_000)}true`, /has more than 4000/],
  ];
  for (const [bomb, expected] of bombs) {
    const problems = problemsOf(bomb);
    assert.equal(problems.length, 1, bomb.slice(0, 40));
    assert.match(problems[0] ?? "", expected, bomb.slice(0, 40));
  }
  assert.deepEqual(problemsOf(`${"true && ".repeat(1_000)}true`), [], "a long chain is no bomb");
});

test("JSON bombs are refused, each with its limit", () => {
  for (const operator of ["$and", "$or", "$nor"]) {
    assert.match(problemsOf(nested((inner) => ({ [operator]: [inner] }), 10_000)).join(), /nested deeper than 16/);
  }
  assert.match(problemsOf(nested((inner) => ({ $not: inner }), 10_000)).join(), /nested deeper than 16/);
  let operators: unknown = { $gt: 1 };
  for (let level = 0; level < 10_000; level += 1) operators = { $not: operators };
  assert.match(problemsOf({ "metadata.a": operators }).join(), /nested deeper than 16/);
  assert.deepEqual(problemsOf(nested((inner) => ({ $not: inner }), MONGO_DEPTH_MAX - 1)), []);
  assert.match(problemsOf(nested((inner) => ({ $not: inner }), MONGO_DEPTH_MAX)).join(), /nested deeper than 16/);

  const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`metadata.a${n}`, "x"]));
  assert.deepEqual(problemsOf(many), ["condition has more than 200 terms"]);
  const fan = {
    $and: Array.from({ length: MONGO_TERMS_MAX }, () => ({ $or: Array(MONGO_TERMS_MAX).fill({ "metadata.a": "x" }) })),
  };
  assert.equal(problemsOf(fan).length, 1);
  assert.match(problemsOf({ $or: Array(5_000).fill({ "metadata.a": 1 }) }).join(), /list of 1 to 200/);
  assert.match(problemsOf({ "metadata.a": { $in: Array(5_000).fill(1) } }).join(), /list of 1 to 200/);
  assert.match(problemsOf({ "metadata.a": "x".repeat(5_000_000) }).join(), /more than 1000 characters/);
  assert.match(problemsOf({ ["x".repeat(5_000_000)]: 1 }).join(), /is no field/);
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`metadata.a${n}`, "x".repeat(1_000)]));
  assert.match(problemsOf(wide).join(), /longer than 16384/);
});

test("what could take too many steps is refused, with the number of steps", () => {
  for (const cel of [
    "model.exists(a, model.exists(b, model[a].live && model[b].live))",
    "metadata.all(a, headers.all(b, metadata.all(c, a == b && b == c)))",
    'model.exists(m, m.matches("^openai/"))',
  ]) {
    const [problem = ""] = problemsOf(cel);
    const steps = Number(/costs up to (\d+) steps; at most 200000/.exec(problem)?.[1]);
    assert.ok(steps > CONDITION_COST_MAX, problem);
  }
  assert.deepEqual(problemsOf('model.exists(m, m.startsWith("openai/") && model[m].error_share > 0.1)'), []);
  assert.match(problemsOf({ "metadata.a": { $regex: "(a?){200}a{200}" } }).join(), /costs up to/);
  assert.match(
    problemsOf({ "metadata.a": { $regex: "a".repeat(PATTERN_CHARACTERS_MAX + 1) } }).join(),
    /longer than 500/,
  );
});

test("a map with more entries than were counted on has no value", () => {
  const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "x"]));
  const { holds } = compileCondition('metadata.all(k, metadata[k] == "x")', assert.fail);
  assert.equal(holds(factsWith(entries(MAP_ENTRIES_MAX))), true);
  assert.equal(holds(factsWith(entries(MAP_ENTRIES_MAX + 1))), false);
  const model = { live: true, circuit: "closed", error_share: 0, first_token_ms: 1 };
  const models = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p/${n}`, model]));
  const live = compileCondition("model.all(m, model[m].live)", assert.fail);
  assert.equal(live.holds(factsWith({}, models(MODEL_ENTRIES_MAX))), true);
  assert.equal(live.holds(factsWith({}, models(MODEL_ENTRIES_MAX + 1))), false);
});

test("a pattern that ruins a backtracking engine is harmless", () => {
  for (const pattern of ["(a+)+$", "^(a|aa)+$", "(x+x+)+y", "([a-z]+)*[0-9]"]) {
    const text = `${"a".repeat(MATCH_TEXT_CHARACTERS_MAX - 1)}!`;
    const compiled = compileCondition({ "metadata.a": { $regex: pattern } }, assert.fail);
    const began = performance.now();
    assert.equal(compiled.holds(factsWith({ a: text })), false, pattern);
    assert.ok(performance.now() - began < REFUSED_WITHIN_MS, pattern);
  }
});

test("a text too long for a pattern has no value", () => {
  const { holds } = compileCondition('metadata.a.matches("a")', assert.fail);
  assert.equal(holds(factsWith({ a: "a".repeat(MATCH_TEXT_CHARACTERS_MAX) })), true);
  assert.equal(holds(factsWith({ a: "a".repeat(MATCH_TEXT_CHARACTERS_MAX + 1) })), false);
});
