// Importing: shapes are told apart, wrappers are opened, every problem is named at once, and nothing makes it throw.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { checkGraph } from "../document/check-graph.ts";
import { readRouteDocument } from "../document/read-document.ts";
import { exportRoute } from "./export-route.ts";
import { importCloudflareElements, importRoute } from "./import-route.ts";
import { IMPORT_BYTES_MAX, IMPORT_DEPTH_MAX, NOTES_MAX, ROUTE_SHAPES } from "./route-shape.ts";

const to = (elementId: string) => ({ elementId });
const START = { id: "start", type: "start", outputs: { next: to("m") } };
const MODEL = {
  id: "m",
  type: "model",
  properties: { provider: "openai", model: "gpt-4.1", retries: 0, timeout: 1_000 },
  outputs: { success: to("end"), fallback: to("end") },
};
const END = { id: "end", type: "end", outputs: {} };
const LIVE = [START, MODEL, END];

function read(json: unknown) {
  return importRoute(JSON.stringify(json));
}
function problemsOf(json: unknown): string[] {
  return read(json).problems.map(({ node, field, problem }) => `${node}.${field} ${problem}`);
}

test("one name that only one shape has is enough to tell the shape", () => {
  const rate = (type: string, properties: object) => ({ id: "r", type, properties, outputs: {} });
  const table: [unknown, string][] = [
    [LIVE, "cloudflare"],
    [[...LIVE, rate("rate", { window: 60 })], "cloudflare"],
    [[...LIVE, rate("rate_limit", {})], "cloudflare_docs"],
    [[...LIVE, rate("rate", { interval: 60 })], "cloudflare_docs"],
    [[...LIVE, { id: "c", type: "conditional", properties: { condition: {} }, outputs: {} }], "cloudflare_docs"],
    [[...LIVE, { id: "p", type: "percentage", outputs: { else: to("end") } }], "cloudflare_docs"],
    [[...LIVE, rate("rate", { limit_type: "cost" })], "terraform"],
    [[{ id: "start", type: "start", outputs: { next: { element_id: "end" } } }, END], "terraform"],
    [{ nodes: {}, edges: [] }, "seed"],
    [{ nodes: [] }, "waybill"],
  ];
  for (const [json, shape] of table) assert.equal(read(json).shape, shape, JSON.stringify(json));
});

test("answers of Cloudflare's API are opened, whatever holds the elements", () => {
  const wrapped = [
    LIVE,
    { name: "chat", elements: LIVE },
    { success: true, result: { name: "chat", elements: LIVE } },
    { success: true, result: { name: "chat", version: { active: true, data: { elements: LIVE } } } },
    { success: true, result: { name: "chat", version: { active: "true", data: JSON.stringify({ elements: LIVE }) } } },
    { name: "chat", version_id: "v1", data: JSON.stringify(LIVE) },
    { success: true, route: { name: "chat", version: { data: LIVE } } },
  ];
  const [plain] = wrapped.map(read);
  for (const json of wrapped.slice(1)) {
    const imported = read(json);
    assert.deepEqual(imported, { ...plain, name: "chat" }, JSON.stringify(json));
  }
});

test("of several Terraform routes the first is read, and the others are named", () => {
  const { provider, ...properties } = MODEL.properties;
  const model = { ...MODEL, properties: { ...properties, ai_gateway_dynamic_routing_provider: provider } };
  const route = (name: string) => ({ name, elements: [START, model, END] });
  const resource = { cloudflare_ai_gateway_dynamic_routing: { a: route("one"), b: [route("two")] } };
  const { name, shape, warnings, problems } = read({ resource });
  assert.deepEqual([name, shape, problems], ["one", "terraform", []]);
  assert.deepEqual(warnings, ["holds more than one route; the first is read, and not two"]);
});

test("comments and commas too many are no problem; what is no JSON is named with its place", () => {
  const text = `// mine\n${JSON.stringify({ elements: LIVE }).replace(/\]\}$/, ",]}")} /* end */`;
  assert.deepEqual(importRoute(`\uFEFF${text}`).problems, []);
  const [problem] = importRoute('{"elements": [\n  {"id": "a"\n   "type": 1}]}').problems;
  assert.equal(problem?.problem, "is not JSON: CommaExpected in line 3, column 4");
  assert.equal(importRoute("").problems[0]?.problem, "is not JSON: ValueExpected in line 1, column 1");
});

test("Terraform's own language is refused with what to paste instead", () => {
  const hcl = 'resource "cloudflare_ai_gateway_dynamic_routing" "chat" {\n  elements = [{ id = "start" }]\n}\n';
  const [problem, ...others] = importRoute(hcl).problems;
  assert.match(problem?.problem ?? "", /terraform show -json/);
  assert.deepEqual(others, []);
});

test("text beyond the limits is refused before it is parsed", () => {
  assert.match(importRoute(" ".repeat(IMPORT_BYTES_MAX + 1)).problems[0]?.problem ?? "", /larger than/);
  const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.match(importRoute(deep(IMPORT_DEPTH_MAX + 1)).problems[0]?.problem ?? "", /nested deeper/);
  assert.match(importRoute("[".repeat(IMPORT_BYTES_MAX)).problems[0]?.problem ?? "", /nested deeper/);
  assert.match(importRoute("}".repeat(500_000) + "[".repeat(500_000)).problems[0]?.problem ?? "", /nested deeper/);
  assert.doesNotMatch(importRoute(deep(IMPORT_DEPTH_MAX)).problems[0]?.problem ?? "", /nested deeper/);
  let conditions: object = {};
  for (let depth = 0; depth < 100_000; depth += 1) conditions = { $not: conditions };
  const deepest = [{ id: "c", type: "conditional", properties: { conditions } }];
  assert.match(importCloudflareElements(deepest).problems[0]?.problem ?? "", /nested deeper/);
  assert.match(problemsOf(Array.from({ length: 501 }, () => END)).join(), /501 elements, more than 500/);
});

test("a text made to take long takes no longer than others", () => {
  const rate = { limitType: "cost", key: "route", limit: 1, window: 60 };
  const chain = Array.from({ length: 249 }, (_, index) => [
    { ...MODEL, id: `m${index}`, outputs: { success: to("r0"), fallback: to(`m${index + 1}`) } },
    { id: `r${index}`, type: "rate", properties: rate, outputs: { success: to(`r${index + 1}`), fallback: to("end") } },
  ]).flat();
  const texts = [
    "\n".repeat(IMPORT_BYTES_MAX),
    "x ".repeat(IMPORT_BYTES_MAX / 2),
    JSON.stringify([START, ...chain, END])
      .replaceAll('"m249"', '"end"')
      .replaceAll('"r249"', '"end"'),
  ];
  for (const text of texts) {
    const begin = performance.now();
    assert.notDeepEqual(importRoute(text).problems, []);
    const elapsedMs = performance.now() - begin;
    assert.ok(elapsedMs < 5_000, `${elapsedMs} ms`);
  }
});

test("problems are told up to their limit", () => {
  const broken = Array.from({ length: 400 }, (_, index) => ({ id: `n${index}`, type: "model" }));
  assert.equal(problemsOf(broken).length, NOTES_MAX);
});

test("a shape that is asked for is read as that shape, or the problem says what is missing", () => {
  assert.match(importRoute(JSON.stringify(LIVE), "seed").problems[0]?.problem ?? "", /not of the shape seed/);
  const condition = { condition: { "metadata.a": "x" } };
  const elements = [
    { id: "start", type: "start", outputs: { next: to("c") } },
    { id: "c", type: "conditional", properties: condition, outputs: { true: to("end"), false: to("end") } },
    END,
  ];
  const live = importRoute(JSON.stringify(elements), "cloudflare");
  assert.deepEqual(live.warnings, [
    "c.properties.conditions: is not there, so the element always leads to false",
    "c.properties.condition: is left out, as Cloudflare does; its name is conditions",
  ]);
  assert.equal(importRoute(JSON.stringify(elements)).warnings.length, 0);
});

test("problems of the whole graph have the names of the text", () => {
  const loop = { ...MODEL, outputs: { success: to("end"), fallback: to("m") } };
  assert.deepEqual(problemsOf([START, loop, END, { ...END, id: "far" }]), [
    "m.outputs.fallback leads in a circle through m",
    "far. can never be reached",
  ]);
  assert.deepEqual(problemsOf([MODEL, END]).slice(0, 1), [".elements must hold exactly one start, not 0"]);
});

test("two ids that would become one stay two", () => {
  const ids = ["a b", "a-b", "a.b"];
  const elements = [
    { id: "start", type: "start", outputs: { next: to("a b") } },
    ...ids.map((id, index) => ({
      ...MODEL,
      id,
      outputs: { success: to("end"), fallback: to(ids[index + 1] ?? "end") },
    })),
    END,
  ];
  const { document, problems } = read(elements);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    document.nodes.slice(1, 4).map(({ id }) => id),
    ["a-b-2", "a-b", "a-b-3"],
  );
});

test("a model's answer may lead past decisions to an end, but not to another model", () => {
  const check = { id: "c", type: "conditional", properties: { conditions: { "metadata.a": "x" } } };
  const elements = (toFalse: string) => [
    START,
    { ...MODEL, outputs: { success: to("c"), fallback: to("end") } },
    { ...check, outputs: { true: to("end"), false: to(toFalse) } },
    { ...MODEL, id: "m2" },
    END,
  ];
  const past = read(elements("end").filter(({ id }) => id !== "m2"));
  assert.deepEqual(past.problems, []);
  assert.deepEqual(past.warnings, [
    "m.outputs.success: leads to end at once: nothing on the way would change the answer",
    "c: is left out: only an answer led to it",
  ]);
  assert.deepEqual(problemsOf(elements("m2")), [
    "m.outputs.success must lead to an end: a model's answer is the route's answer",
  ]);
});

test("a limit without a fallback ends the request, also where there was no end", () => {
  const limit = { limitType: "cost", key: "metadata.user", limit: 5, interval: 60, technique: "fixed" };
  const start = { id: "start", type: "start", outputs: { next: to("r") } };
  const rate = (success: string) => ({
    id: "r",
    type: "rate_limit",
    properties: limit,
    outputs: { success: to(success) },
  });
  for (const elements of [
    [start, rate("end"), { id: "end", type: "end" }],
    [start, rate("r2"), { ...rate("r"), id: "r2" }],
  ]) {
    const { nodes } = read(elements).document;
    const exceeded = nodes.flatMap((node) => (node.kind === "limit" ? [node.exceeded] : []));
    assert.ok(exceeded.length > 0 && exceeded.every((id) => id === "end"));
    assert.ok(nodes.some(({ id, kind }) => id === "end" && kind === "end"));
  }
});

const GOLDEN = [
  "seed-support.json",
  "docs-page.jsonc",
  "terraform-show.json",
  "live-get.json",
  "waybill-everything.json",
];
const TEXTS = GOLDEN.map((file) => readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8"));
const WORDS = ["", "__proto__", "constructor", "toString", "end", "start", "10%", "else", "metadata.a", "é/ /é"];

function isUsable(text: string, shape?: (typeof ROUTE_SHAPES)[number]): void {
  const { document, problems, shape: told } = importRoute(text, shape);
  assert.ok(ROUTE_SHAPES.includes(told));
  if (problems.length > 0) return;
  assert.deepEqual(readRouteDocument(JSON.parse(JSON.stringify(document))).problems, []);
  assert.deepEqual(checkGraph(document), []);
  for (const target of ROUTE_SHAPES) {
    const exported = exportRoute(document, target, "x");
    assert.deepEqual(importRoute(exported.text, target).problems, []);
  }
}

test("any text and any JSON gives problems or a sound route, and never an exception", () => {
  const shape = fc.option(fc.constantFrom(...ROUTE_SHAPES), { nil: undefined });
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), shape, isUsable), { numRuns: 500 });
  fc.assert(fc.property(fc.json({ maxDepth: 5 }), shape, isUsable), { numRuns: 500 });
  fc.assert(fc.property(fc.jsonValue(), (elements) => void importCloudflareElements(elements)));
});

test("a route that is broken anywhere gives problems or a sound route, and never an exception", () => {
  const cut = fc.tuple(
    fc.constantFrom(...TEXTS),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(cut, ([text, place, insert]) => {
      const at = Math.floor(text.length * place);
      isUsable(text.slice(0, at) + insert + text.slice(at + insert.length + 1));
    }),
    { numRuns: 500 },
  );
  const other = fc.oneof(
    fc.constantFrom(...WORDS),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(0, -1, 1e30, 0.1, null),
  );
  const parsed = TEXTS.map((text) => JSON.parse(text.replace(/^\s*\/\/.*$/gm, "")) as unknown);
  fc.assert(
    fc.property(
      fc.constantFrom(...parsed),
      fc.array(fc.tuple(fc.nat(500), other), { minLength: 1, maxLength: 3 }),
      (json, changes) => {
        const changed = changes.reduce<unknown>((value, [place, instead]) => replaceAt(value, place, instead), json);
        isUsable(JSON.stringify(changed));
      },
    ),
    { numRuns: 600 },
  );
});

/** The value with the nth of its parts replaced, counted from the outside. */
function replaceAt(json: unknown, place: number, instead: unknown): unknown {
  let left = place;
  const visit = (value: unknown): unknown => {
    if (left === 0) {
      left -= 1;
      return instead;
    }
    left -= 1;
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item)]));
  };
  return visit(json);
}
