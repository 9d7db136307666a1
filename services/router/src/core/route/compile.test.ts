// A graph that compiles cannot fail at request time for a reason of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileRoute } from "./compile.ts";
import { SEED_ROUTE_DOCUMENT } from "./seed.ts";
import { walk } from "./walk.ts";

const problemsOf = (nodes: unknown[], nameExists?: (name: string) => boolean): string[] =>
  compileRoute("r", 1, { nodes }, nameExists).problems.map(
    ({ node, field, problem }) => `${node}.${field}: ${problem}`,
  );

const START = { id: "start", kind: "start", next: "m" };
const MODEL = { id: "m", kind: "model", model: "x", next: "end" };
const END = { id: "end", kind: "end" };

test("the seeded route compiles", () => {
  assert.ok(compileRoute("support", 1, SEED_ROUTE_DOCUMENT).route);
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
  assert.match(
    problemsOf([START, { ...MODEL, next: "n" }, { ...MODEL, id: "n" }, END]).join(),
    /m\.next: must lead to an end/,
  );
});

test("names exist and conditions compile, and all problems come at once", () => {
  const choose = { id: "c", kind: "if", condition: { nonsense: 1 }, whenTrue: "m", whenFalse: "end" };
  const problems = problemsOf([{ ...START, next: "c" }, choose, { ...MODEL, fallback: "gone" }, END], () => false);
  assert.equal(problems.length, 3, problems.join("\n"));
});

test("what compiles can be walked to its end, whatever the facts", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const to = fc.constantFrom(...ids, "end");
  const node = (id: string) =>
    fc.oneof(
      fc.record({
        id: fc.constant(id),
        kind: fc.constant("model"),
        model: fc.constant(id),
        next: fc.constant("end"),
        fallback: to,
      }),
      fc.record({
        id: fc.constant(id),
        kind: fc.constant("if"),
        condition: fc.constant({ "metadata.x": id }),
        whenTrue: to,
        whenFalse: to,
      }),
    );
  const graph = fc.tuple(...ids.map(node), to);
  let compiled = 0;
  fc.assert(
    fc.property(graph, fc.constantFrom(...ids), (parts, x) => {
      const nodes = [{ id: "start", kind: "start", next: parts[5] }, ...parts.slice(0, 5), END];
      const { route } = compileRoute("r", 1, { nodes });
      if (!route) return;
      compiled += 1;
      const facts = { metadata: { x }, headers: {}, request: {}, caller: {}, tags: {} };
      assert.ok(walk(route, facts).length <= ids.length);
    }),
    { numRuns: 2_000, seed: 42 },
  );
  assert.ok(compiled > 0, "some graph compiled");
});
