// Reading a route document: all problems at once, each with node and field; what is read is complete.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readRouteDocument, readRouteText } from "./read-document.ts";
import { DEFAULT_FALLBACK_ON, DOCUMENT_BYTES_MAX, NODES_MAX } from "./route-document.ts";

const problemsOf = (node: object): string[] =>
  readRouteDocument({ nodes: [{ id: "n", ...node }] }).problems.map(({ field, problem }) => `${field}: ${problem}`);
const fieldsOf = (node: object): string[] => problemsOf(node).map((problem) => problem.split(":")[0] ?? "");

test("every problem is named with its node and field", () => {
  const { problems } = readRouteDocument({
    nodes: [
      { id: "start", kind: "start" },
      { id: "start", kind: "end", colour: "red" },
      { id: "a b", kind: "model", model: "", next: 7 },
      { id: "s", kind: "nothing" },
      "node",
    ],
    name: "x",
  });
  assert.deepEqual(
    problems.map(({ node, field }) => `${node}.${field}`),
    [
      ".name",
      "start.next",
      "start.id",
      "start.colour",
      "nodes[2].id",
      "nodes[2].model",
      "nodes[2].next",
      "s.kind",
      "nodes[4].",
    ],
  );
});

test("what a node leaves out is filled in", () => {
  const { document, problems } = readRouteDocument({
    nodes: [
      { id: "m", kind: "model", model: "x", next: "end" },
      { id: "a", kind: "auto", next: "end" },
      { id: "l", kind: "limit", metric: "count", amount: "2", window: { kind: "total" }, within: "m", exceeded: "a" },
      { id: "s", kind: "split", shares: [{ percent: 100, next: "m" }] },
    ],
  });
  assert.deepEqual(problems, []);
  const attempts = {
    retries: 0,
    retryDelayMs: 0,
    backoff: "exponential",
    timeouts: {},
    fallbackOn: DEFAULT_FALLBACK_ON,
  };
  const rest = { next: "end", fallback: undefined };
  const [model, auto, limit, split] = document.nodes;
  assert.deepEqual(model, { id: "m", kind: "model", model: "x", ...attempts, ...rest });
  assert.deepEqual(auto, {
    ...{ id: "a", kind: "auto", mode: "balanced", bandPercent: undefined, models: [], affinity: "none" },
    ...{ firstTokenMsMax: undefined, ...attempts, ...rest },
  });
  assert.equal(limit?.kind === "limit" && limit.key, "route");
  assert.equal(split?.kind === "split" && split.by, "random");
});

test("shares sum to 100 with at most two decimals", () => {
  const shares = (...percents: number[]) => ({
    ...{ kind: "split" },
    shares: percents.map((percent) => ({ percent, next: "m" })),
  });
  assert.deepEqual(problemsOf(shares(33.33, 33.33, 33.34)), []);
  assert.deepEqual(problemsOf(shares(10, 80)), ["shares: must sum to 100 percent, not 90"]);
  assert.deepEqual(fieldsOf(shares(33.333, 66.667)), ["shares[0].percent", "shares[1].percent", "shares"]);
  assert.deepEqual(fieldsOf(shares(-10, 110)), ["shares[0].percent", "shares[1].percent", "shares"]);
  assert.deepEqual(fieldsOf({ kind: "split", shares: [] }), ["shares"]);
  assert.deepEqual(fieldsOf({ kind: "split", shares: [{ percent: 100, next: "m" }], by: "moon" }), ["by"]);
});

test("a limit says how much of what, in which window, counted by what", () => {
  const limit = (rest: object) => ({
    ...{ kind: "limit", metric: "cost", amount: "0.25", window: { kind: "calendar", period: "month" } },
    ...{ key: "metadata.user_id", within: "a", exceeded: "b" },
    ...rest,
  });
  assert.deepEqual(problemsOf(limit({})), []);
  assert.deepEqual(fieldsOf(limit({ metric: "joules" })), ["metric"]);
  for (const amount of [1, "-1", "1e3", "", "1.0000000000001"])
    assert.deepEqual(fieldsOf(limit({ amount })), ["amount"]);
  assert.deepEqual(fieldsOf(limit({ metric: "count", amount: "1.5" })), ["amount"]);
  for (const window of ["month", {}, { kind: "fixed" }, { kind: "fixed", seconds: 0 }, { kind: "total", seconds: 1 }]) {
    assert.deepEqual(fieldsOf(limit({ window })), ["window"], JSON.stringify(window));
  }
  assert.deepEqual(fieldsOf(limit({ key: "body.x" })), ["key"]);
});

test("retries, timeouts and fallbacks are bounded", () => {
  const model = (rest: object) => ({ kind: "model", model: "x", next: "end", ...rest });
  assert.deepEqual(problemsOf(model({ retries: 5, timeouts: { firstTokenMs: 5 }, fallbackOn: ["timeout"] })), []);
  assert.deepEqual(fieldsOf(model({ retries: 6 })), ["retries"]);
  assert.deepEqual(fieldsOf(model({ retryDelayMs: 6_000 })), ["retryDelayMs"]);
  assert.deepEqual(fieldsOf(model({ backoff: "random" })), ["backoff"]);
  assert.deepEqual(fieldsOf(model({ timeouts: { firstByte: 5, totalMs: 0 } })), [
    "timeouts.firstByte",
    "timeouts.totalMs",
  ]);
  assert.deepEqual(fieldsOf(model({ fallbackOn: ["rain"] })), ["fallbackOn"]);
  const auto = (rest: object) => ({ kind: "auto", next: "end", ...rest });
  assert.deepEqual(fieldsOf(auto({ mode: "fast" })), ["mode"]);
  assert.deepEqual(fieldsOf(auto({ bandPercent: 101 })), ["bandPercent"]);
  assert.deepEqual(fieldsOf(auto({ models: "x" })), ["models"]);
  assert.deepEqual(fieldsOf(auto({ affinity: "glue" })), ["affinity"]);
});

test("a document of ten thousand nodes is refused, and so is one of five megabytes", () => {
  const nodes = Array.from({ length: 10_000 }, (_, n) => ({ id: `n${n}`, kind: "end" }));
  const { document, problems } = readRouteDocument({ nodes });
  assert.deepEqual(problems, [{ node: "", field: "nodes", problem: `holds 10000 nodes, more than ${NODES_MAX}` }]);
  assert.deepEqual(document.nodes, []);
  const large = readRouteText(`{"nodes": [], "x": "${"y".repeat(5_000_000)}"}`);
  assert.deepEqual(large.problems, [{ node: "", field: "", problem: `is larger than ${DOCUMENT_BYTES_MAX} bytes` }]);
  assert.equal(readRouteText("{").problems[0]?.problem, "is not JSON");
});

test("any JSON is read without throwing", () => {
  fc.assert(fc.property(fc.jsonValue(), (json) => void readRouteDocument(json)));
  fc.assert(fc.property(fc.array(fc.jsonValue()), (nodes) => void readRouteDocument({ nodes })));
  const kinds = fc.constantFrom("start", "if", "split", "limit", "model", "auto", "end");
  const node = fc
    .tuple(kinds, fc.dictionary(fc.string(), fc.jsonValue()))
    .map(([kind, rest]) => ({ id: "a", ...rest, kind }));
  fc.assert(fc.property(fc.array(node), (nodes) => void readRouteDocument({ nodes })));
});

test("a start node names the content filters of its route", () => {
  const startOf = (filters: unknown) =>
    readRouteDocument({ nodes: [{ id: "s", kind: "start", next: "end", filters }] });
  assert.deepEqual(startOf(["pii", "keys", "pii"]).document.nodes[0], {
    ...{ id: "s", kind: "start", next: "end", filters: ["pii", "keys"] },
  });
  for (const wrong of ["pii", ["PII"], [1], [""], Array.from({ length: 21 }, (_, index) => `f${index}`), null]) {
    assert.deepEqual(
      startOf(wrong).problems.map(({ node, field }) => `${node}.${field}`),
      ["s.filters"],
    );
  }
});

test("a start node says how long answers are kept, and for whom", () => {
  const startOf = (cache: unknown) => readRouteDocument({ nodes: [{ id: "s", kind: "start", next: "end", cache }] });
  assert.deepEqual(startOf({ ttlSeconds: 300 }).document.nodes[0], {
    ...{ id: "s", kind: "start", next: "end" },
    cache: { ttlSeconds: 300, scope: "team" },
  });
  assert.deepEqual(startOf({ ttlSeconds: 86_400, scope: "key" }).problems, []);
  for (const wrong of [{}, { ttlSeconds: 0 }, { ttlSeconds: 86_401 }, { ttlSeconds: 1, scope: "all" }, 300, null]) {
    assert.deepEqual(
      startOf(wrong).problems.map(({ node, field }) => `${node}.${field}`),
      ["s.cache"],
      JSON.stringify(wrong),
    );
  }
});

test("a calling node says how much of a stream is held back", () => {
  const model = (commitAfter: unknown) => problemsOf({ kind: "model", model: "x", next: "end", commitAfter });
  for (const right of [{ ms: 1 }, { tokens: 1_000 }, { ms: 30_000, tokens: 1 }]) assert.deepEqual(model(right), []);
  for (const wrong of [{}, { ms: 0 }, { ms: 30_001 }, { tokens: 1_001 }, { ms: 1.5 }, { ms: 1, bytes: 2 }, 500, null]) {
    assert.equal(model(wrong).length, 1, JSON.stringify(wrong));
  }
});
