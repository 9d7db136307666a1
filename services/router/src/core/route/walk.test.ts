// Walking: the first model is the choice, the fallbacks follow, each with the way that led to it; limits open a second way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleFacts } from "../sample-question.ts";
import { END, limitNode, modelNode, sampleRoute, startAt } from "./sample-routes.ts";
import { walk } from "./walk.ts";

const FACTS = sampleFacts({ metadata: { plan: "paid", user_id: "u1" } });

function walked(nodes: unknown[], draw = 0): string[] {
  return walk(sampleRoute(nodes), FACTS, () => draw).map(({ node, path, limits, onlyAfter }) => {
    const counted = limits.map(({ node: limit, keyValue }) => `${limit}=${keyValue}`).join();
    return `${node.id}: ${path.join(">")} [${counted}] [${onlyAfter.join()}]`;
  });
}

test("a fallback may lead through further conditions, and the path says which edges were taken", () => {
  const found = walked([
    startAt("one"),
    modelNode("one", "a", "c"),
    { id: "c", kind: "if", condition: { "metadata.plan": "paid" }, whenTrue: "two", whenFalse: "end" },
    modelNode("two", "b"),
    END,
  ]);
  assert.deepEqual(found, ["one: start>one [] []", "two: start>one:fallback>c:true>two [] []"]);
});

test("a way that meets no model gives none", () => {
  assert.deepEqual(walked([startAt("end"), END]), []);
});

test("a limit is walked both ways: within it everything counts, beyond it only after it was exceeded", () => {
  const found = walked([
    startAt("budget"),
    limitNode("budget", "premium", "economy", { key: "metadata.user_id" }),
    modelNode("premium", "p", "economy"),
    modelNode("economy", "e"),
    END,
  ]);
  assert.deepEqual(found, [
    "premium: start>budget:within>premium [budget=u1] []",
    "economy: start>budget:within>premium:fallback>economy [budget=u1] []",
    "economy: start>budget:exceeded>economy [] [budget]",
  ]);
});

test("requests without a value for a limit's key share one counter", () => {
  const [first] = walked([
    startAt("l"),
    limitNode("l", "m", "end", { key: "metadata.nothing" }),
    modelNode("m", "x"),
    END,
  ]);
  assert.equal(first, "m: start>l:within>m [l=(none)] []");
});

test("a split goes by its draw, or by the value of its key", () => {
  const split = (by?: string) => [
    startAt("s"),
    {
      id: "s",
      kind: "split",
      ...(by && { by }),
      shares: [
        { percent: 25, next: "a" },
        { percent: 75, next: "b" },
      ],
    },
    modelNode("a", "x"),
    modelNode("b", "y"),
    END,
  ];
  assert.deepEqual(walked(split(), 0.2), ["a: start>s:25%>a [] []"]);
  assert.deepEqual(walked(split(), 0.3), ["b: start>s:75%>b [] []"]);
  assert.deepEqual(walked(split("metadata.user_id"), 0.2), walked(split("metadata.user_id"), 0.9));
  // Nobody to be sticky to: chance decides.
  assert.notDeepEqual(walked(split("session"), 0.2), walked(split("session"), 0.9));
});
