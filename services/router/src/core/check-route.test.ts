// Texts that are no route say why, all reasons at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRouteText, problemsAsText } from "./check-route.ts";
import { SEED_ROUTE_DOCUMENT } from "./route/seed.ts";

const IDENTITY = { organisationId: "", name: "r", version: 3 };
const check = (text: string, hasModel = (_: string) => true) =>
  checkRouteText(IDENTITY, text, { hasModel, hasFilter: () => true });

test("a good text compiles under its identity", () => {
  const { route, problems } = check(JSON.stringify(SEED_ROUTE_DOCUMENT));
  assert.deepEqual(problems, []);
  assert.deepEqual([route?.organisationId, route?.name, route?.version], ["", "r", 3]);
});

test("what is no JSON, or too large, is one problem and nothing else", () => {
  assert.deepEqual(check("{").problems, [{ node: "", field: "", problem: "is not JSON" }]);
  assert.equal(check(`"${"x".repeat(5_000_000)}"`).problems.length, 1);
  assert.match(problemsAsText(check(`"${"x".repeat(5_000_000)}"`).problems), /^is larger than/);
});

test("shape, conditions, graph and names are all reported at once", () => {
  const { problems } = check(
    JSON.stringify({
      nodes: [
        { id: "start", kind: "start", next: "if" },
        { id: "if", kind: "if", condition: "metadata.x ==", whenTrue: "m", whenFalse: "nowhere" },
        { id: "m", kind: "model", model: "nobody", next: "end", colour: "red" },
        { id: "end", kind: "end" },
      ],
    }),
    () => false,
  );
  for (const field of ["condition", "whenFalse", "model", "colour"]) {
    assert.ok(
      problems.some((problem) => problem.field === field),
      `${field} in ${problemsAsText(problems)}`,
    );
  }
});

test("a long list of problems is cut short and counted", () => {
  const problems = Array.from({ length: 25 }, (_, n) => ({ node: `n${n}`, field: "f", problem: "is wrong" }));
  const text = problemsAsText(problems);
  assert.match(text, /^n0\.f is wrong; /);
  assert.match(text, /and 5 more$/);
});
