// A graph that compiles cannot fail at request time for a reason of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleFacts } from "../sample-question.ts";
import { compileRoute } from "./compile.ts";
import { END, limitNode, modelNode, startAt } from "./sample-routes.ts";
import { SEED_ROUTE_DOCUMENT } from "./seed.ts";
import { walk } from "./walk.ts";

const IDENTITY = { organisationId: "", name: "r", version: 1 };
const problemsOf = (nodes: unknown[], hasModel = (_: string) => true): string[] =>
  compileRoute(IDENTITY, { nodes }, { hasModel, hasFilter: (id) => id === "pii" }).problems.map(
    ({ node, field, problem }) => `${node}.${field}: ${problem}`,
  );

test("the seeded route compiles", () => {
  assert.ok(compileRoute(IDENTITY, SEED_ROUTE_DOCUMENT).route);
});

test("content filters exist where the route is saved, and need not where it is loaded", () => {
  const nodes = [{ ...startAt("m"), filters: ["pii", "gone"] }, modelNode("m", "better"), END];
  assert.deepEqual(problemsOf(nodes), ["start.filters[1]: there is no content filter gone"]);
  assert.ok(compileRoute(IDENTITY, { nodes }).route);
});

test("names exist and conditions compile, and all problems come at once", () => {
  const choose = { id: "c", kind: "if", condition: "nonsense ==", whenTrue: "m", whenFalse: "a" };
  const auto = { id: "a", kind: "auto", models: ["x", "y"], next: "end" };
  const problems = problemsOf([startAt("c"), choose, modelNode("m", "z", "gone"), auto, END], (name) => name === "x");
  assert.equal(problems.length, 4, problems.join("\n"));
  assert.match(problems.join("\n"), /a\.models\[1\]: y does not exist/);
});

test("a route knows whether it reads the body, budgets and models", () => {
  const route = (condition: string) =>
    compileRoute(IDENTITY, {
      nodes: [startAt("c"), { id: "c", kind: "if", condition, whenTrue: "end", whenFalse: "end" }, END],
    }).route;
  const plain = route('metadata.x == "1"');
  assert.deepEqual([plain?.readsBody, plain?.readsBudget, plain?.readsModels], [false, false, false]);
  const all = route('budget.used_share > 0.8 && model["a/b"].live && body.temperature == 1.0');
  assert.deepEqual([all?.readsBody, all?.readsBudget, all?.readsModels], [true, true, true]);
});

test("ten thousand nodes are refused, and quickly", () => {
  const nodes = Array.from({ length: 10_000 }, (_, n) => modelNode(`m${n}`, "x"));
  assert.match(problemsOf(nodes).join(), /10000 nodes, more than 500/);
});

test("what compiles can be walked to its end, whatever the facts and the draws", () => {
  const ids = ["a", "b", "c", "d", "e", "f"];
  const node = (id: string, index: number) => {
    // Mostly forward, so that most graphs have no circle.
    const to = fc.constantFrom(...ids.slice(index + 1), "end", "end", id);
    return fc.oneof(
      to.map((fallback) => modelNode(id, id, fallback)),
      to.map((fallback) => ({ id, kind: "auto", next: "end", fallback })),
      fc.tuple(to, to).map(([whenTrue, whenFalse]) => ({
        ...{ id, kind: "if", condition: { "metadata.x": id } },
        ...{ whenTrue, whenFalse },
      })),
      fc.tuple(to, to).map(([within, exceeded]) => limitNode(id, within, exceeded)),
      fc.tuple(to, to).map(([a, b]) => ({
        ...{ id, kind: "split" },
        shares: [
          { percent: 30, next: a },
          { percent: 70, next: b },
        ],
      })),
    );
  };
  const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  let compiled = 0;
  fc.assert(
    fc.property(fc.tuple(...ids.map(node)), fc.constantFrom(...ids), draws, (graph, x, draw) => {
      const nodes = withoutIslands([startAt("a"), ...graph, END]);
      const { route } = compileRoute(IDENTITY, { nodes });
      if (!route) return;
      compiled += 1;
      const stops = walk(route, sampleFacts({ metadata: { x } }), () => draw);
      for (const stop of stops) assert.ok(stop.path.length <= ids.length + 2);
    }),
    { numRuns: 2_000, seed: 42 },
  );
  assert.ok(compiled > 500, `${compiled} graphs compiled`);
});

/** What cannot be reached would only be refused. */
function withoutIslands(nodes: object[]): object[] {
  const texts = new Map(nodes.map((node) => [(node as { id: string }).id, JSON.stringify(node)]));
  const reached = new Set(["start"]);
  for (const id of reached) {
    for (const other of texts.keys()) if (texts.get(id)?.includes(`:"${other}"`)) reached.add(other);
  }
  return nodes.filter((node) => reached.has((node as { id: string }).id));
}
