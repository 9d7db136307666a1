// Sticky stays while it can; adaptive stays while staying is no worse; none never stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { retains, type SessionView } from "./affinity.ts";

const view = (overrides: Partial<SessionView>): SessionView => ({
  strategy: "adaptive",
  canServe: true,
  inBand: true,
  retainedCostPicoUsd: 10,
  freshCostPicoUsd: 10,
  ...overrides,
});

test("a model that cannot serve is never kept", () => {
  for (const strategy of ["adaptive", "sticky", "none"] as const) {
    assert.equal(retains(view({ strategy, canServe: false })), false);
  }
});

test("sticky keeps whatever can serve", () => {
  assert.equal(retains(view({ strategy: "sticky", inBand: false, retainedCostPicoUsd: 1_000 })), true);
});

test("adaptive keeps a model while its prompt cache makes it no dearer, and it is good enough", () => {
  assert.equal(retains(view({})), true);
  assert.equal(retains(view({ retainedCostPicoUsd: 11 })), false);
  assert.equal(retains(view({ inBand: false })), false);
});

test("none keeps nothing", () => {
  assert.equal(retains(view({ strategy: "none" })), false);
});
