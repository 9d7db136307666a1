// What conditions mean, what is refused when they are saved, and that nothing is left for request time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "./compile-condition.ts";
import type { Facts } from "./facts.ts";

const FACTS: Facts = {
  metadata: { user_plan: "paid", seats: "12", empty: "", beta: "true", "user-plan": "dashed" },
  headers: { "x-user-plan": "gold", "x-region": "eu" },
  body: { temperature: 0.5, user: "ann", metadata: { tier: "b", n: 3 } },
  request: {
    model: "dynamic/support",
    path: "/v1/chat/completions",
    stream: true,
    estimated_input_tokens: 900,
    max_output_tokens: 100,
    context_tokens: 1_000,
    part_count: 3,
    has_tools: true,
    has_images: false,
    has_json_schema: false,
    session_id: "s1",
    hour: 23,
    weekday: 5,
  },
  caller: {
    organisation_id: "acme",
    team_id: "support",
    user_id: "u",
    key_id: "k",
    end_user_id: "",
    tags: { project: "apollo" },
  },
  budget: undefined,
  model: { "openai/gpt-4.1": { live: true, circuit: "open", error_share: 0.25, first_token_ms: 300 } },
};
const BUDGET = {
  name: "team",
  used_share: 0.9,
  burn_usd_per_hour: 1,
  hours_to_exhaustion: Number.POSITIVE_INFINITY,
  remaining_usd: 5,
};

function problemsOf(condition: unknown): string[] {
  const problems: string[] = [];
  compileCondition(condition, (where, problem) => problems.push(`${where} ${problem}`));
  return problems;
}
function holds(condition: unknown, facts: Facts = FACTS): boolean {
  const problems: string[] = [];
  const compiled = compileCondition(condition, (where, problem) => problems.push(`${where} ${problem}`));
  assert.deepEqual(problems, [], JSON.stringify(condition));
  return compiled.holds(facts);
}

test("CEL holds for what it says", () => {
  for (const cel of [
    'metadata.user_plan == "paid"',
    "metadata.user_plan == 'paid' && request.hour >= 22",
    'metadata["user-plan"] == "dashed" && headers["x-user-plan"] in ["gold", "silver"]',
    "double(metadata.seats) > 5.0 && int(metadata.seats) == 12",
    "request.hour == 23 && request.hour == 23.0 && request.hour > 22.5",
    'caller.tags.project == "apollo" && "project" in caller.tags',
    'body.temperature == 0.5 && body.metadata.tier == "b" && body.metadata.n == 3',
    'model["openai/gpt-4.1"].error_share > 0.1 && model.exists(m, model[m].circuit == "open")',
    "metadata.all(name, name.size() > 3) && [1, 2, 2].exists_one(n, n == 1)",
    '(request.stream ? "a" : "b") == "a" && 7 / 2 == 3 && 7 % 4 == 3 && -(1 + 1) == -2',
    'caller.team_id.upperAscii().startsWith("SUP") && request.path.endsWith("completions")',
    'request.model.matches("^dynamic/") && request.model.contains("support")',
    'string(request.hour) == "23" && bool(metadata.beta) && " a ".trim() == "a" && size(metadata) == 5',
  ]) {
    assert.ok(holds(cel), cel);
  }
  assert.ok(holds("budget.used_share > 0.8 && budget.hours_to_exhaustion > 24.0", { ...FACTS, budget: BUDGET }));
});

test("what is missing or of another type has no value, and a condition without a value does not hold", () => {
  for (const cel of [
    'metadata.gone == "x"',
    'metadata.gone != "x"',
    '!(metadata.gone == "x")',
    "double(metadata.user_plan) > 0.0",
    "!(double(metadata.user_plan) > 0.0)",
    "double(metadata.empty) == 0.0",
    "body.user > 3",
    "budget.used_share < 2.0",
    'model["nobody/knows"].live',
    "!model['nobody/knows'].live",
    "1 / (request.hour - 23) == 0",
    'metadata.user_plan == "paid" && metadata.gone == "x"',
    'metadata.all(name, metadata[name] == "x" || double(metadata[name]) > 1.0)',
  ]) {
    assert.equal(holds(cel), false, cel);
  }
});

test("|| and && need no value that cannot change the result", () => {
  assert.ok(holds('metadata.gone == "x" || metadata.user_plan == "paid"'));
  assert.ok(holds('!(metadata.gone == "x" && metadata.user_plan == "free")'));
  assert.ok(holds("[0, 1].exists(n, 1 / n == 1)"));
  assert.ok(holds("![0, 1].all(n, 1 / n == 2)"));
});

test("holds() and has() always have a value", () => {
  for (const cel of [
    '!holds(metadata.gone == "x")',
    "!holds(double(metadata.user_plan) > 0.0)",
    "has(metadata.seats) && !has(metadata.gone) && !has(budget.name) && !has(body.gone.deeper)",
    '!("gone" in metadata) && "x-region" in headers',
  ]) {
    assert.ok(holds(cel), cel);
  }
});

test("texts of different type are different, and never equal by accident", () => {
  assert.equal(holds("body.user == 3"), false);
  assert.ok(holds("body.user != 3"));
  assert.equal(holds("body.metadata.n == '3'"), false);
});

test("only what was sent is there: nothing comes from JavaScript's objects", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    for (const map of ["metadata", "headers", "body", "caller.tags", "model", "body.metadata"]) {
      if (map === "headers" && name !== name.toLowerCase()) continue;
      assert.equal(holds(`"${name}" in ${map}`), false, `${map} ${name}`);
      if (map !== "model") assert.equal(holds(`holds(${map}["${name}"] != "x") || has(${map}.${name})`), false);
    }
    assert.ok(holds({ [`metadata.${name}`]: { $exists: false } }));
  }
  const sent = JSON.parse('{"__proto__": "x", "constructor": "y"}');
  assert.ok(holds('metadata["__proto__"] == "x" && metadata.constructor == "y"', { ...FACTS, metadata: sent }));
});

test("a condition that cannot be meant is refused, with what to write instead", () => {
  const refused: [string, RegExp][] = [
    ["metadata.seats > 5", /write double\(metadata\.seats\) > 5\.0, at character 1$/],
    ["5 == metadata.seats", /write 5\.0 == double\(metadata\.seats\)/],
    ["metadata.seats in [1, 2]", /write double\(metadata\.seats\) in/],
    ["request.tokens > 5", /request has no field tokens; there are model, path, .*weekday/],
    ["has(request.tokens)", /request has no field tokens; there are model/],
    ["budget.share > 0.5", /budget has no field share; there are name, used_share/],
    ["caller.team == 'x'", /caller has no field team; there are organisation_id/],
    ["model['a/b'].healthy", /has no field healthy; there are live, circuit/],
    ["prompt == 'x'", /prompt is unknown; there are metadata, headers, body/],
    ["metadata.plan", /must be true or false, but is of type string/],
    ["body.flag", /must be true or false, but is of type dyn; compare it/],
    ["request.hour", /of type int/],
    ["metadata.plan == null", /compares with null; write has/],
    ["body.n + 1.0 > 2.0", /double\(body\.x\)/],
    ["headers['X-Plan'] == 'a'", /lower case: headers\["x-plan"\]/],
    ["metadata == headers", /cannot compare a whole map/],
    ["metadata.map(k, k) == ['a']", /has no method map; there are contains/],
    ["dyn(1) == 1", /has no function dyn; there are has, size/],
    ["metadata.plan.matches(metadata.pattern)", /pattern of matches\(\) as a text literal/],
    ["metadata.plan.matches('(?=x)')", /is no RE2 pattern/],
    ["{'a': 1}.size() == 1", /map literal/],
    ["metadata.plan == b'x'", /no such overload|bytes/],
    ["request.hour == 9007199254740993", /at most 15 digits/],
    ["metadata.plan = 'x'", /Unexpected character: =, at character 15/],
    ["", /Unexpected token: EOF/],
  ];
  for (const [cel, expected] of refused) {
    const problems = problemsOf(cel);
    assert.equal(problems.length, 1, cel);
    assert.match(problems[0] ?? "", expected, cel);
    assert.equal(compileCondition(cel, () => {}).holds(FACTS), false);
  }
});

test("the same meaning has the same text", () => {
  const textOf = (source: unknown): string => compileCondition(source, assert.fail).cel;
  assert.equal(textOf({ "metadata.user_plan": { $eq: "paid" } }), 'metadata.user_plan == "paid"');
  assert.equal(textOf("( metadata['user_plan']) ==  'paid' // a comment"), 'metadata.user_plan == "paid"');
  assert.equal(
    textOf("request.hour - (1 - 1) == 1 && (true || (false && true))"),
    "request.hour - (1 - 1) == 1 && (true || false && true)",
  );
  assert.equal(textOf({ "headers.X-User-Plan": "a" }), 'headers["x-user-plan"] == "a"');
});
