// Reading a route document: all problems at once, each with node and field.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NODES_MAX, readRouteDocument } from "./document.ts";
import { SEED_ROUTE_DOCUMENT } from "./seed.ts";

test("the seeded route is a document without problems", () => {
  const { document, problems } = readRouteDocument(SEED_ROUTE_DOCUMENT);
  assert.deepEqual(problems, []);
  assert.equal(document.nodes.length, SEED_ROUTE_DOCUMENT.nodes.length);
});

test("every problem is named with its node and field", () => {
  const { problems } = readRouteDocument({
    nodes: [
      { id: "start", kind: "start" },
      { id: "start", kind: "end", colour: "red" },
      { id: "a b", kind: "model", model: "", next: 7 },
      { id: "s", kind: "split" },
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

test("a document of ten thousand nodes is refused", () => {
  const nodes = Array.from({ length: 10_000 }, (_, n) => ({ id: `n${n}`, kind: "end" }));
  const { document, problems } = readRouteDocument({ nodes });
  assert.deepEqual(problems, [{ node: "", field: "nodes", problem: `holds more than ${NODES_MAX} nodes` }]);
  assert.deepEqual(document.nodes, []);
});

test("any JSON is read without throwing", () => {
  fc.assert(fc.property(fc.jsonValue(), (json) => void readRouteDocument(json)));
  fc.assert(fc.property(fc.array(fc.jsonValue()), (nodes) => void readRouteDocument({ nodes })));
});
