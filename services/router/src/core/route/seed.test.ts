// The route a fresh installation begins with.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleFacts } from "../sample-question.ts";
import { compileRoute } from "./compile.ts";
import { SEED_ROUTE_DOCUMENT } from "./seed.ts";
import { walk } from "./walk.ts";

const IDENTITY = { organisationId: "", name: "support", version: 1 };

test("it needs the aliases better and cheaper, and nothing else", () => {
  const known = (hasModel: (name: string) => boolean) => ({ hasModel, hasFilter: () => true });
  const names = new Set(["better", "cheaper"]);
  const { route } = compileRoute(
    IDENTITY,
    SEED_ROUTE_DOCUMENT,
    known((name) => names.has(name)),
  );
  assert.ok(route);
  assert.equal(
    compileRoute(
      IDENTITY,
      SEED_ROUTE_DOCUMENT,
      known((name) => name === "better"),
    ).route,
    undefined,
  );
});

test("plan paid goes to better, anything else to cheaper", () => {
  const { route } = compileRoute(IDENTITY, SEED_ROUTE_DOCUMENT);
  assert.ok(route);
  const first = (metadata: Record<string, string>) => {
    const [stop] = walk(route, sampleFacts({ metadata }), () => 0);
    return stop?.node.kind === "model" ? stop.node.model : undefined;
  };
  assert.equal(first({ user_plan: "paid" }), "better");
  assert.equal(first({ user_plan: "free" }), "cheaper");
  assert.equal(first({}), "cheaper");
});
