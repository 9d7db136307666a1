// Answers that lead on to other nodes, in random routes: what becomes of them is a sound route, or one problem that says why not.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RouteNode } from "../document/route-document.ts";
import { importCloudflareElements } from "./import-route.ts";

type Kind = "conditional" | "rate" | "model";
/** Where its two ways lead: so many nodes further on, and never behind the end. */
type Step = readonly [kind: Kind, first: number, second: number];

const PROPERTIES = {
  conditional: { conditions: { "metadata.a": "x" } },
  rate: { limitType: "cost", key: "route", limit: 5, window: 60 },
  model: { provider: "a", model: "b", retries: 0, timeout: 5 },
};

function elementsOf(steps: readonly Step[]): unknown[] {
  const ids = ["start", ...steps.map((_, index) => `n${index}`), "end"];
  const reached = new Set(["start", "n0"]);
  const elements = steps.map(([type, first, second], index) => {
    const ways = [first, second].map((further) => ids[Math.min(index + 1 + further, ids.length - 1)] ?? "end");
    if (reached.has(`n${index}`)) for (const way of ways) reached.add(way);
    const names = type === "conditional" ? ["true", "false"] : ["success", "fallback"];
    const outputs = Object.fromEntries(names.map((name, way) => [name, { elementId: ways[way] }]));
    return { id: `n${index}`, type, properties: PROPERTIES[type], outputs };
  });
  return [
    { id: "start", type: "start", outputs: { next: { elementId: "n0" } } },
    ...elements.filter(({ id }) => reached.has(id)),
    { id: "end", type: "end", outputs: {} },
  ];
}

const STEP = fc.tuple(
  fc.constantFrom<Kind>("conditional", "rate", "model"),
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 4 }),
);

test("a route whose answers lead on becomes sound, or the one thing that cannot be is a problem", () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 1, maxLength: 9 }), (steps) => {
      const { document, problems } = importCloudflareElements(elementsOf(steps));
      for (const { problem } of problems) assert.match(problem, /^must lead to an end: a model's answer/);
      if (problems.length > 0) return;
      const ends = new Set(document.nodes.filter(({ kind }) => kind === "end").map(({ id }) => id));
      assert.ok(document.nodes.every((node) => node.kind !== "model" || ends.has(node.next)));
    }),
    { numRuns: 2_000 },
  );
});

test("a limit that leads to another limit behind the model is used up as that one is", () => {
  const steps: Step[] = [
    ["model", 1, 4],
    ["rate", 1, 1],
    ["rate", 2, 1],
    ["model", 1, 1],
  ];
  const { document, problems } = importCloudflareElements(elementsOf(steps));
  assert.deepEqual(problems, []);
  const limits = document.nodes.filter((node): node is RouteNode & { kind: "limit" } => node.kind === "limit");
  assert.deepEqual(
    limits.map(({ id, within, exceeded }) => [id, within, exceeded]),
    [
      ["n1", "n2", "n3"],
      ["n2", "n0", "n3"],
    ],
  );
});
