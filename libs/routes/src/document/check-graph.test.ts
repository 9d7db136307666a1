// A sound graph: one start, edges that lead somewhere, no circle, nothing that cannot be reached.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkGraph, edgesOf } from "./check-graph.ts";
import { readRouteDocument } from "./read-document.ts";

const problemsOf = (nodes: unknown[]): string[] =>
  checkGraph(readRouteDocument({ nodes }).document).map(({ node, field, problem }) => `${node}.${field}: ${problem}`);

const START = { id: "start", kind: "start", next: "m" };
const MODEL = { id: "m", kind: "model", model: "x", next: "end" };
const END = { id: "end", kind: "end" };

test("a small sound graph has no problems", () => {
  assert.deepEqual(problemsOf([START, MODEL, END]), []);
});

test("there is exactly one start", () => {
  assert.match(problemsOf([MODEL, END]).join(), /exactly one start, not 0/);
  assert.match(problemsOf([START, { ...START, id: "other" }, MODEL, END]).join(), /exactly one start, not 2/);
});

test("every edge leads somewhere, every node can be reached, nothing leads back", () => {
  assert.match(problemsOf([START, { ...MODEL, fallback: "gone" }, END]).join(), /m\.fallback: there is no node gone/);
  assert.match(problemsOf([START, MODEL, END, { ...MODEL, id: "island" }]).join(), /island\.: can never be reached/);
  assert.match(problemsOf([START, { ...MODEL, fallback: "start" }, END]).join(), /must not lead back to the start/);
  assert.match(problemsOf([START, { ...MODEL, fallback: "m" }, END]).join(), /leads in a circle through m/);
  const two = problemsOf([START, { ...MODEL, next: "n" }, { ...MODEL, id: "n" }, END]).join();
  assert.match(two, /m\.next: must lead to an end/);
});

test("all problems come at once", () => {
  const split = {
    id: "m",
    kind: "split",
    shares: [
      { percent: 50, next: "gone" },
      { percent: 50, next: "m" },
    ],
  };
  assert.deepEqual(problemsOf([START, split, END]), [
    "m.shares[0].next: there is no node gone",
    "m.shares[1].next: leads in a circle through m",
    "end.: can never be reached",
  ]);
});

test("every kind says where it leads", () => {
  const limit = {
    id: "l",
    kind: "limit",
    metric: "count",
    amount: "1",
    window: { kind: "total" },
    within: "a",
    exceeded: "b",
  };
  const choose = { id: "i", kind: "if", condition: "true", whenTrue: "a", whenFalse: "b" };
  const auto = { id: "x", kind: "auto", next: "end", fallback: "b" };
  const { nodes } = readRouteDocument({ nodes: [START, limit, choose, auto, END] }).document;
  assert.deepEqual(
    nodes.map((node) => edgesOf(node).map(([, to]) => to)),
    [["m"], ["a", "b"], ["a", "b"], ["end", "b"], []],
  );
});
