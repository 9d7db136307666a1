// Linking: nodes with several ways in are shared, and shares that lead to one node are one arm.
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, modelNode, sampleRoute, startAt } from "./sample-routes.ts";

test("a node that is reached twice is one node, and two shares to it are one arm", () => {
  const { start } = sampleRoute([
    startAt("s"),
    {
      id: "s",
      kind: "split",
      shares: [
        { percent: 20, next: "a" },
        { percent: 30, next: "b" },
        { percent: 50, next: "a" },
      ],
    },
    modelNode("a", "x", "b"),
    modelNode("b", "y"),
    END,
  ]);
  assert.ok(start.kind === "start" && start.next.kind === "split");
  const [a, b] = start.next.arms;
  assert.deepEqual([a?.percent, b?.percent], [70, 30]);
  assert.ok(a?.next.kind === "model" && a.next.fallback === b?.next);
});
