// From the model the client wrote to the stops in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Question } from "./question.ts";
import { resolve } from "./resolve.ts";
import { compileRoute } from "./route/compile.ts";
import { END, modelNode, startAt } from "./route/sample-routes.ts";
import { SEED_ROUTE_DOCUMENT } from "./route/seed.ts";
import { sampleModel } from "./sample-models.ts";
import { SampleWorld, sampleQuestion } from "./sample-question.ts";
import { Snapshot } from "./snapshot.ts";

const snapshot = new Snapshot();
snapshot.setModel(sampleModel("sim/premium"));
snapshot.setModel(sampleModel("sim/economy"));
snapshot.setAlias("better", "sim/premium");
snapshot.setAlias("cheaper", "sim/economy");
const deploy = (organisationId: string, name: string, version: number, json: unknown): void => {
  const { route, problems } = compileRoute({ organisationId, name, version }, json);
  assert.ok(route, JSON.stringify(problems));
  snapshot.setRoute(route);
};
deploy("", "support", 3, SEED_ROUTE_DOCUMENT);
deploy("acme", "own", 1, { nodes: [startAt("m"), modelNode("m", "better"), END] });
deploy("", "nothing", 1, { nodes: [startAt("end"), END] });

const resolved = (requestedModel: string, metadata: Record<string, string> = {}, rest: Partial<Question> = {}) =>
  resolve(sampleQuestion({ requestedModel, metadata }, rest), snapshot, new SampleWorld());
const idsOf = (...asked: Parameters<typeof resolved>): unknown => {
  const resolution = resolved(...asked);
  if ("problem" in resolution) return resolution.problem;
  return resolution.itinerary.items.map((item) => (item.kind === "model" ? item.id : item.auto.mode));
};

test("paying users get the better model, everyone else the cheaper one, each with the other as fallback", () => {
  assert.deepEqual(idsOf("dynamic/support", { user_plan: "paid" }), ["sim/premium", "sim/economy"]);
  assert.deepEqual(idsOf("dynamic/support", { user_plan: "free" }), ["sim/economy", "sim/premium"]);
  assert.deepEqual(idsOf("dynamic/support"), ["sim/economy", "sim/premium"]);
});

test("a route names its version and the way that was walked", () => {
  const resolution = resolved("dynamic/support@3", { user_plan: "paid" });
  assert.ok("itinerary" in resolution);
  assert.equal(resolution.itinerary.routeVersion, 3);
  assert.deepEqual(
    resolution.itinerary.items.map(({ path }) => path.join(">")),
    ["start>plan:true>better", "start>plan:true>better:fallback>cheaper-instead"],
  );
});

test("an organisation finds its own routes, and nobody another's", () => {
  assert.deepEqual(idsOf("dynamic/own"), ["sim/premium"]);
  const { attribution } = sampleQuestion();
  assert.equal(
    idsOf("dynamic/own", {}, { attribution: { ...attribution, organisationId: "other" } }),
    "model_not_found",
  );
});

test("what does not exist is not found", () => {
  for (const name of ["nobody", "sim/none", "dynamic/none", "dynamic/support@9", "dynamic/support@x", "dynamic/", ""]) {
    assert.equal(idsOf(name), "model_not_found", name);
  }
});

test("a route that leads to no model says so", () => {
  assert.equal(idsOf("dynamic/nothing"), "route_without_model");
});

test("auto is any model, unless something bears that name", () => {
  assert.deepEqual(idsOf("auto"), ["balanced"]);
});

test("models that the request names must exist", () => {
  assert.equal(idsOf("auto", {}, { models: ["sim/premium", "sim/none"] }), "invalid_value");
  assert.deepEqual(idsOf("auto", {}, { models: ["better"] }), ["balanced"]);
});

test("a key's list is honoured for models, aliases and routes", () => {
  assert.equal(idsOf("sim/premium", {}, { allowedModels: ["cheaper"] }), "model_not_allowed");
  assert.deepEqual(idsOf("premium", {}, { allowedModels: ["better"] }), ["sim/premium"]);
  assert.deepEqual(idsOf("dynamic/support", {}, { allowedModels: ["dynamic/support"] }), [
    "sim/economy",
    "sim/premium",
  ]);
  assert.equal(idsOf("dynamic/support", {}, { allowedModels: ["dynamic/other"] }), "model_not_allowed");
});
