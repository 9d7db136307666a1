// Walking: the first model is the choice, the fallbacks follow, each with the way that led to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute } from "./compile.ts";
import { CANDIDATES_MAX, walk } from "./walk.ts";

const FACTS = { metadata: { plan: "paid" }, headers: {}, request: {}, caller: {}, tags: {} };
const END = { id: "end", kind: "end" };

function walked(nodes: unknown[]): string[] {
  const { route, problems } = compileRoute("r", 1, { nodes });
  assert.ok(route, JSON.stringify(problems));
  return walk(route, FACTS).map(({ name, path }) => `${name}: ${path.join(">")}`);
}

test("a fallback may lead through further conditions", () => {
  const found = walked([
    { id: "start", kind: "start", next: "one" },
    { id: "one", kind: "model", model: "a", next: "end", fallback: "c" },
    { id: "c", kind: "if", condition: { "metadata.plan": "paid" }, whenTrue: "two", whenFalse: "end" },
    { id: "two", kind: "model", model: "b", next: "end" },
    END,
  ]);
  assert.deepEqual(found, ["a: start>one", "b: start>one>c>two"]);
});

test("a way that meets no model gives none", () => {
  const found = walked([{ id: "start", kind: "start", next: "end" }, END]);
  assert.deepEqual(found, []);
});

test("a long line of fallbacks is cut", () => {
  const nodes: unknown[] = [{ id: "start", kind: "start", next: "m0" }, END];
  for (let n = 0; n < 40; n += 1) {
    nodes.push({ id: `m${n}`, kind: "model", model: `x${n}`, next: "end", ...(n < 39 && { fallback: `m${n + 1}` }) });
  }
  assert.equal(walked(nodes).length, CANDIDATES_MAX);
});
