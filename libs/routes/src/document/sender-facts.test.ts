import assert from "node:assert/strict";
import { test } from "node:test";
import { readRouteDocument } from "./read-document.ts";
import { senderFacts } from "./sender-facts.ts";

const factsOf = (node: object): string[] => senderFacts(readRouteDocument({ nodes: [{ id: "a", ...node }] }).document);
const ifNode = (condition: unknown) => ({ kind: "if", condition, whenTrue: "a", whenFalse: "a" });
const splitBy = (by: string) => ({ kind: "split", by, shares: [{ percent: 100, next: "a" }] });

test("a condition's headers and what it asks of the caller are named, however it is written", () => {
  for (const [condition, facts] of [
    ['headers["x-plan"] == "gold" && caller.team_id == "t"', ["caller.team_id", "headers.x-plan"]],
    ['has(headers.plan) || "x-beta" in headers', ["headers.plan", "headers.x-beta"]],
    ['caller.tags.project == "a" || caller.tags["b"] == "c"', ["caller.tags"]],
    ['[caller.key_id, "k"].exists(k, k == "k1") ? headers["a"] == "b" : false', ["caller.key_id", "headers.a"]],
    [{ "headers.X-User-Plan": { $eq: "paid" } }, ["headers.x-user-plan"]],
  ] as const) {
    assert.deepEqual(factsOf(ifNode(condition)), facts, JSON.stringify(condition));
  }
});

test("who looks at headers that no text names looks at all of them", () => {
  assert.deepEqual(factsOf(ifNode('headers.exists(h, h == "x")')), ["headers"]);
  assert.deepEqual(factsOf(ifNode('headers[metadata.which] == "x"')), ["headers"]);
  assert.deepEqual(factsOf(ifNode("caller.user_id in headers")), ["caller.user_id", "headers"]);
  assert.deepEqual(factsOf(ifNode('headers[headers["a"]] == "x"')), ["headers", "headers.a"]);
});

test("a split is by what its key is", () => {
  assert.deepEqual(factsOf(splitBy("caller.user_id")), ["caller.user_id"]);
  assert.deepEqual(factsOf(splitBy("headers.x-user")), ["headers.x-user"]);
  assert.deepEqual(factsOf(splitBy("caller.tags.project")), ["caller.tags"]);
});

test("what the body says, what changes by itself and chance are nobody's", () => {
  const condition =
    'metadata.plan == "x" && body.n == 1 && request.hour > 3 && budget.used_share < 1.0 && model["a/b"].live';
  assert.deepEqual(factsOf(ifNode(condition)), []);
  for (const by of ["random", "session", "metadata.user"]) assert.deepEqual(factsOf(splitBy(by)), []);
});
