// The route a fresh installation begins with.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute } from "./compile.ts";
import { SEED_ROUTE_DOCUMENT } from "./seed.ts";
import { walk } from "./walk.ts";

test("it needs the aliases better and cheaper, and nothing else", () => {
  const names = new Set(["better", "cheaper"]);
  const { route } = compileRoute("support", 1, SEED_ROUTE_DOCUMENT, (name) => names.has(name));
  assert.ok(route);
  assert.equal(compileRoute("support", 1, SEED_ROUTE_DOCUMENT, (name) => name === "better").route, undefined);
});

test("plan paid goes to better, anything else to cheaper", () => {
  const { route } = compileRoute("support", 1, SEED_ROUTE_DOCUMENT);
  assert.ok(route);
  const first = (metadata: Record<string, string>) =>
    walk(route, { metadata, headers: {}, request: {}, caller: {}, tags: {} })[0]?.name;
  assert.equal(first({ user_plan: "paid" }), "better");
  assert.equal(first({ user_plan: "free" }), "cheaper");
  assert.equal(first({}), "cheaper");
});
