// A walk that could get too long is refused when the route is saved.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute } from "./compile.ts";
import { END, limitNode, modelNode, sampleRoute, startAt } from "./sample-routes.ts";
import { STOPS_MAX } from "./walk-size.ts";

const problemOf = (nodes: unknown[]): string =>
  compileRoute({ organisationId: "", name: "r", version: 1 }, { nodes })
    .problems.map(({ problem }) => problem)
    .join();

function chain(length: number): unknown[] {
  const models = Array.from({ length }, (_, n) =>
    modelNode(`m${n}`, `x${n}`, n + 1 < length ? `m${n + 1}` : undefined),
  );
  return [startAt("m0"), ...models, END];
}

test("a line of fallbacks has an end", () => {
  sampleRoute(chain(STOPS_MAX));
  assert.match(problemOf(chain(STOPS_MAX + 1)), /can meet 33 models, more than 32/);
});

test("limits behind limits multiply, and too many of them are refused", () => {
  const ladder = (depth: number): unknown[] => [
    startAt("l0"),
    ...Array.from({ length: depth }, (_, n) => limitNode(`l${n}`, n + 1 < depth ? `l${n + 1}` : "end", `e${n}`)),
    ...Array.from({ length: depth }, (_, n) => ({
      id: `e${n}`,
      kind: "if",
      condition: { "metadata.x": "1" },
      whenTrue: "end",
      whenFalse: n + 1 < depth ? `l${n + 1}` : "end",
    })),
    END,
  ];
  sampleRoute(ladder(5));
  assert.match(problemOf(ladder(40)), /can pass \d+ nodes, more than 2000/);
});
