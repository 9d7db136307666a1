// From the model the client wrote to the candidates.
import assert from "node:assert/strict";
import { test } from "node:test";
import { resolve } from "./resolve.ts";
import { compileRoute } from "./route/compile.ts";
import type { Facts } from "./route/condition.ts";
import { SEED_ROUTE_DOCUMENT } from "./route/seed.ts";
import { sampleModel } from "./sample-models.ts";
import { Snapshot } from "./snapshot.ts";

const snapshot = new Snapshot();
snapshot.setModel(sampleModel("sim/premium"));
snapshot.setModel(sampleModel("sim/economy"));
snapshot.setAlias("better", "sim/premium");
snapshot.setAlias("cheaper", "sim/economy");
const { route } = compileRoute("support", 3, SEED_ROUTE_DOCUMENT);
assert.ok(route);
snapshot.setRoute(route);

const facts = (metadata: Record<string, string>) => (): Facts => ({
  metadata,
  headers: {},
  request: {},
  caller: {},
  tags: {},
});
const namesOf = (requested: string, allowed: string[] = [], metadata: Record<string, string> = {}): unknown => {
  const resolution = resolve(requested, allowed, snapshot, facts(metadata));
  return "problem" in resolution ? resolution.problem : resolution.candidates.map(({ entry }) => entry.id);
};

test("paying users get the better model, everyone else the cheaper one, each with the other as fallback", () => {
  assert.deepEqual(namesOf("dynamic/support", [], { user_plan: "paid" }), ["sim/premium", "sim/economy"]);
  assert.deepEqual(namesOf("dynamic/support", [], { user_plan: "free" }), ["sim/economy", "sim/premium"]);
  assert.deepEqual(namesOf("dynamic/support"), ["sim/economy", "sim/premium"]);
});

test("a route names its version and the nodes walked", () => {
  const resolution = resolve("dynamic/support@3", [], snapshot, facts({ user_plan: "paid" }));
  assert.ok(!("problem" in resolution));
  assert.equal(resolution.routeVersion, 3);
  assert.deepEqual(
    resolution.candidates.map(({ path }) => path.join(">")),
    ["start>plan>better", "start>plan>better>cheaper-instead"],
  );
});

test("what does not exist is not found", () => {
  for (const name of ["nobody", "sim/none", "dynamic/none", "dynamic/support@9", "dynamic/support@x", "dynamic/", ""]) {
    assert.equal(namesOf(name), "model_not_found", name);
  }
});

test("a key's list is honoured for models, aliases and routes", () => {
  assert.equal(namesOf("sim/premium", ["cheaper"]), "model_not_allowed");
  assert.deepEqual(namesOf("premium", ["better"]), ["sim/premium"]);
  assert.deepEqual(namesOf("dynamic/support", ["dynamic/support"]), ["sim/economy", "sim/premium"]);
  assert.equal(namesOf("dynamic/support", ["dynamic/other"]), "model_not_allowed");
});

test("a route that is not allowed itself keeps the models that are", () => {
  const resolution = resolve("dynamic/support", ["sim/premium"], snapshot, facts({}));
  assert.ok(!("problem" in resolution));
  assert.deepEqual(
    resolution.candidates.map(({ entry, isAllowed }) => [entry.id, isAllowed]),
    [
      ["sim/economy", false],
      ["sim/premium", true],
    ],
  );
});
