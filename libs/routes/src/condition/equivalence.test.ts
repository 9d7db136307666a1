// Whatever way a condition is written, it decides the same: Mongo-like JSON against a direct reading of its rules, CEL against the
// library it is parsed with, and every way back against the way there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { compileCondition } from "./compile-condition.ts";
import { OBJECT_TYPES, VARIABLES } from "./environment.ts";
import type { Facts } from "./facts.ts";
import { mongoToCel } from "./mongo-to-cel.ts";
import { parseCel } from "./parse-cel.ts";
import { printCel } from "./print-cel.ts";
import { fromSeedExpression } from "./seed-expression.ts";
import { toMongo } from "./to-mongo.ts";
import { toSeedExpression } from "./to-seed-expression.ts";
import { isMap } from "./values.ts";

const RUNS = { numRuns: 1_500 };
const NAMES = ["a", "b", "x-plan", "constructor"];
const text = fc.constantFrom("", "a", "b", "ab", "1", "2", "12", "1.0", "0x1", " 1", "true", "é\u{1F600}", 'q"\\\n');
const number = fc.constantFrom(-1, 0, 1, 2, 12, 0.5, 1e21, 1e-7);
const whole = fc.constantFrom(-1, 0, 1, 2, 12);
const scalar = fc.oneof(text, number, fc.boolean());

const someOf = <T>(value: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 4 });
const budgetFacts = fc.record({
  name: text,
  used_share: number,
  burn_usd_per_hour: number,
  hours_to_exhaustion: fc.constantFrom(1, Number.POSITIVE_INFINITY),
  remaining_usd: number,
});
const modelFacts = fc.record({ live: fc.boolean(), circuit: text, error_share: number, first_token_ms: number });
const anyFacts: fc.Arbitrary<Facts> = fc.record({
  metadata: someOf(text),
  headers: someOf(text),
  body: fc
    .tuple(someOf(scalar), fc.option(someOf(scalar), { nil: undefined }))
    .map(([body, metadata]) => ({ ...body, ...(metadata && { metadata }) })),
  request: fc.record({
    model: text,
    path: text,
    stream: fc.boolean(),
    estimated_input_tokens: whole,
    max_output_tokens: whole,
    context_tokens: whole,
    part_count: whole,
    has_tools: fc.boolean(),
    has_images: fc.boolean(),
    has_json_schema: fc.boolean(),
    session_id: text,
    hour: whole,
    weekday: whole,
  }),
  caller: fc.record({
    organisation_id: text,
    team_id: text,
    user_id: text,
    key_id: text,
    end_user_id: text,
    tags: someOf(text),
  }),
  budget: fc.option(budgetFacts, { nil: undefined }),
  model: fc.dictionary(fc.constantFrom("a/b", "a/b.1", "constructor"), modelFacts, { maxKeys: 3 }),
});

// Mongo-like conditions, by the type of the field.
const textOperators = fc.oneof(
  fc.record({ $contains: text }),
  fc.record({ $regex: fc.constantFrom("a", "^a|b$", "[0-9]+", "(?i)TRUE", "") }),
);
const comparisons = (operand: fc.Arbitrary<unknown>) =>
  fc.oneof(
    operand.filter((value) => typeof value !== "object"),
    fc
      .tuple(fc.constantFrom("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"), operand)
      .filter(([operator, value]) => typeof value !== "boolean" || operator === "$eq" || operator === "$ne")
      .map(([operator, value]) => ({ [operator]: value })),
    fc
      .tuple(fc.constantFrom("$in", "$nin"), fc.array(operand, { minLength: 1, maxLength: 4 }))
      .map(([operator, values]) => ({ [operator]: values })),
    fc.boolean().map((value) => ({ $exists: value })),
  );
const negatable = (condition: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 4, arbitrary: condition },
    { weight: 1, arbitrary: condition.filter((it) => typeof it === "object").map((it) => ({ $not: it })) },
  );
const field = (paths: readonly string[], condition: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.constantFrom(...paths), negatable(condition)).map(([path, it]) => ({ [path]: it }));
const leaf = fc.oneof(
  field(
    ["metadata", "headers", "caller.tags"].flatMap((map) => NAMES.map((name) => `${map}.${name}`)),
    fc.oneof(comparisons(scalar), textOperators),
  ),
  field(
    ["body", "body.metadata"].flatMap((map) => NAMES.map((name) => `${map}.${name}`)),
    fc.oneof(comparisons(scalar), textOperators),
  ),
  field(
    ["request.model", "caller.team_id", "budget.name", "model.a/b.1.circuit"],
    fc.oneof(comparisons(text), textOperators),
  ),
  field(["request.hour", "request.context_tokens"], comparisons(whole)),
  field(["budget.used_share", "model.a/b.error_share"], comparisons(number)),
  field(["request.stream", "model.a/b.live"], comparisons(fc.boolean())),
);
const { mongo } = fc.letrec<{ mongo: Record<string, unknown> }>((tie) => ({
  mongo: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.tuple(leaf, leaf).map(([one, two]) => ({ ...one, ...two })),
    fc
      .tuple(fc.constantFrom("$and", "$or", "$nor"), fc.array(tie("mongo"), { minLength: 1, maxLength: 3 }))
      .map(([connective, items]) => ({ [connective]: items })),
    tie("mongo").map((item) => ({ $not: item })),
  ),
}));

/** The rules of docs/routes.md, read word by word. */
function decide(condition: unknown, facts: Facts): boolean {
  return Object.entries(condition as Record<string, unknown>).every(([name, value]) => {
    if (name === "$not") return !decide(value, facts);
    if (name === "$and") return (value as unknown[]).every((item) => decide(item, facts));
    if (name === "$or") return (value as unknown[]).some((item) => decide(item, facts));
    if (name === "$nor") return !(value as unknown[]).some((item) => decide(item, facts));
    return decideField(value, read(name, facts), /^(metadata|headers|caller\.tags)\./.test(name));
  });
}
function decideField(operators: unknown, given: unknown, isText: boolean): boolean {
  if (typeof operators !== "object") return isEqual(given, operators, isText);
  return Object.entries(operators as Record<string, unknown>).every(([operator, operand]) => {
    const among = (): boolean => (operand as unknown[]).some((item) => isEqual(given, item, isText));
    if (operator === "$not") return !decideField(operand, given, isText);
    if (operator === "$exists") return (given !== undefined) === operand;
    if (operator === "$eq") return isEqual(given, operand, isText);
    if (operator === "$ne") return !isEqual(given, operand, isText);
    if (operator === "$in") return among();
    if (operator === "$nin") return !among();
    if (operator === "$contains") return typeof given === "string" && given.includes(String(operand));
    if (operator === "$regex") {
      const pattern = String(operand);
      const isCaseless = pattern.startsWith("(?i)");
      return typeof given === "string" && new RegExp(pattern.replace("(?i)", ""), isCaseless ? "i" : "").test(given);
    }
    const left = isText && typeof operand === "number" ? asNumber(given) : given;
    if (typeof left !== typeof operand) return false;
    const [a, b] = [left as number, operand as number];
    return { $gt: a > b, $gte: a >= b, $lt: a < b, $lte: a <= b }[operator] ?? assert.fail(operator);
  });
}
function isEqual(given: unknown, operand: unknown, isText: boolean): boolean {
  if (isText && typeof operand === "number") return asNumber(given) === operand;
  return given === (isText && typeof operand === "boolean" ? String(operand) : operand);
}
function asNumber(given: unknown): number | undefined {
  return typeof given === "string" && /^[+-]?\d+(\.\d+)?$/.test(given) ? Number(given) : undefined;
}
function read(path: string, facts: Facts): unknown {
  const model = /^model\.(.+)\.([a-z_]+)$/.exec(path);
  const names = model ? ["model", model[1] ?? "", model[2] ?? ""] : path.split(".");
  return names.reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    return (value as Record<string, unknown>)[name];
  }, facts);
}

test("a Mongo-like condition decides what its rules say", () => {
  fc.assert(
    fc.property(mongo, anyFacts, (condition, facts) => {
      const compiled = compileCondition(condition, (where, problem) => assert.fail(`${where} ${problem}`));
      assert.equal(compiled.holds(facts), decide(condition, facts), compiled.cel);
    }),
    RUNS,
  );
});

test("a Mongo-like condition survives the way to CEL and back", () => {
  fc.assert(
    fc.property(mongo, anyFacts, (condition, facts) => {
      const cel = mongoToCel(condition, assert.fail) ?? assert.fail("refused");
      const back = toMongo(cel) ?? assert.fail(`no way back from ${cel}`);
      assert.equal(compileCondition(back, assert.fail).holds(facts), decide(condition, facts), cel);
    }),
    RUNS,
  );
});

// CEL of every kind, with texts, numbers and the mistakes that can only be seen at request time.
const celText = fc.constantFrom(
  "metadata.a",
  'metadata["x-plan"]',
  "headers.b",
  "request.model",
  "caller.tags.a",
  '"a"',
  '"12"',
  '(metadata.a + "b")',
  "string(request.hour)",
  "metadata.b.lowerAscii()",
);
const celInt = fc.constantFrom(
  "request.hour",
  "request.weekday",
  "1",
  "-2",
  "int(metadata.a)",
  "size(metadata.b)",
  "(request.hour / request.weekday)",
  "(request.hour % 2 - 1)",
  "size(metadata)",
);
const celDouble = fc.constantFrom(
  "budget.used_share",
  "0.5",
  "-1.0",
  "double(metadata.a)",
  "(budget.remaining_usd / 2.0)",
  'model["a/b"].error_share',
  "double(request.hour)",
);
const celDyn = fc.constantFrom("body.a", "body.b", 'body["x-plan"]');
const relation = fc.constantFrom("==", "!=", "<", "<=", ">", ">=");
const compared = (side: fc.Arbitrary<string>, other: fc.Arbitrary<string>) =>
  fc.tuple(side, relation, other).map((parts) => parts.join(" "));
const celLeaf = fc.oneof(
  compared(celText, celText),
  compared(celInt, celInt),
  compared(celInt, celDouble),
  compared(celDouble, celDouble),
  compared(celDyn, fc.oneof(celText, celInt, celDouble, celDyn)),
  fc
    .tuple(celText, fc.constantFrom('in ["a", "12"]', "in metadata", "in body", 'in ["b", metadata.a]'))
    .map((parts) => parts.join(" ")),
  fc.tuple(celInt, fc.constantFrom("in [1, 2]", "in [request.hour, -1]")).map((parts) => parts.join(" ")),
  fc.tuple(celDyn, fc.constantFrom('in ["a"]', "in [1, 2]", "in [0.5]")).map((parts) => parts.join(" ")),
  fc
    .tuple(celText, fc.constantFrom("contains", "startsWith", "endsWith"), celText)
    .map(([a, m, b]) => `${a}.${m}(${b})`),
  fc.constantFrom(
    "has(metadata.a)",
    "has(body.b)",
    "has(caller.tags.constructor)",
    "request.stream",
    "bool(metadata.a)",
    'model["a/b"].live',
    "true",
  ),
);
const { cel } = fc.letrec<{ cel: string }>((tie) => ({
  cel: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    celLeaf,
    fc.tuple(tie("cel"), fc.constantFrom("&&", "||", "=="), tie("cel")).map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie("cel").map((item) => `!(${item})`),
    fc.tuple(tie("cel"), tie("cel"), tie("cel")).map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
    fc
      .tuple(
        fc.constantFrom("metadata", '["a", metadata.a]', "model", "body"),
        fc.constantFrom("all", "exists", "exists_one"),
        tie("cel"),
      )
      .map(([over, macro, body]) => `${over}.${macro}(k, k == "a" || (${body}))`),
  ),
}));

const library = new Environment();
class ModelValue {}
for (const [name, fields] of OBJECT_TYPES) {
  const schema = Object.fromEntries(fields);
  // The library takes no plain object inside a map of typed ones.
  if (name === "ModelFacts") library.registerType(name, { ctor: ModelValue, fields: schema });
  else library.registerType({ name, schema });
}
for (const [name, type] of VARIABLES) library.registerVariable(name, type);
library.registerOperator("double == int", (a, b) => Number(a) === Number(b));

/** As Maps: a field called `constructor` makes the library lose a plain object. */
const mapOf = (fields: Readonly<Record<string, unknown>>): Map<string, unknown> =>
  new Map(Object.entries(fields).map(([name, value]) => [name, isMap(value) ? mapOf(value) : value]));

function askLibrary(source: string, facts: Facts): boolean {
  const { metadata, headers, body, caller, budget, model } = facts;
  const request = Object.fromEntries(
    Object.entries(facts.request).map(([name, value]) => [name, typeof value === "number" ? BigInt(value) : value]),
  );
  const tags = mapOf(caller.tags);
  const models = mapOf(model);
  for (const [name, value] of Object.entries(model)) models.set(name, Object.assign(new ModelValue(), value));
  const maps = { metadata: mapOf(metadata), headers: mapOf(headers), body: mapOf(body), model: models };
  try {
    return library.evaluate(source, { ...maps, request, caller: { ...caller, tags }, budget }) === true;
  } catch {
    return false;
  }
}

test("a CEL condition decides what the library would", () => {
  fc.assert(
    fc.property(cel, anyFacts, (source, facts) => {
      let isRefused = false;
      const compiled = compileCondition(source, () => {
        isRefused = true;
      });
      fc.pre(!isRefused);
      // On purpose: to us neither is a number, to the library int("") is 0 and double("0x1") is 1.
      fc.pre(!["", "0x1"].includes(facts.metadata.a ?? "-"));
      assert.equal(compiled.holds(facts), askLibrary(source, facts));
    }),
    RUNS,
  );
});

test("canonical text means the same and is its own canonical text", () => {
  fc.assert(
    fc.property(cel, anyFacts, (source, facts) => {
      const parsed = parseCel(source);
      fc.pre(typeof parsed !== "string");
      const printed = printCel(parsed);
      const again = parseCel(printed);
      assert.notEqual(typeof again, "string", `${printed}: ${String(again)}`);
      if (typeof again !== "string") assert.equal(printCel(again), printed);
      const holds = (from: string): boolean => compileCondition(from, () => {}).holds(facts);
      assert.equal(holds(printed), holds(source));
    }),
    RUNS,
  );
});

test("what Mongo and the seed can say of CEL, they say exactly", () => {
  let [asMongo, asSeed] = [0, 0];
  fc.assert(
    fc.property(
      fc.oneof(
        cel,
        mongo.map((it) => mongoToCel(it, assert.fail) ?? ""),
      ),
      anyFacts,
      (source, facts) => {
        const expected = compileCondition(source, () => {}).holds(facts);
        const exported = toMongo(source);
        if (exported) {
          asMongo += 1;
          assert.equal(compileCondition(exported, assert.fail).holds(facts), expected, JSON.stringify(exported));
        }
        const seed = toSeedExpression(source);
        if (seed !== undefined) {
          asSeed += 1;
          assert.equal(
            compileCondition(fromSeedExpression(seed, assert.fail), assert.fail).holds(facts),
            expected,
            seed,
          );
        }
      },
    ),
    RUNS,
  );
  assert.ok(asMongo > 500 && asSeed > 200, `${asMongo} as Mongo, ${asSeed} as seed`);
});

test("whatever is saved, deciding never throws", () => {
  const strange = fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.string({ maxLength: 60 }), mongo, cel);
  fc.assert(
    fc.property(strange, anyFacts, (condition, facts) => {
      const { holds, cel: canonical } = compileCondition(condition, () => {});
      assert.equal(typeof holds(facts), "boolean");
      assert.equal(typeof parseCel(canonical), "object", canonical);
    }),
    RUNS,
  );
});
