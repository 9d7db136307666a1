import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AliasConfig, ModelConfig, RouteConfig } from "@waybill/wire";
import { PublicModels } from "./public-models.ts";

const route = (name: string, organisationId = "") =>
  RouteConfig.encode(RouteConfig.create({ name, version: 1, organisationId, deployed: true })).finish();

function deployed(): PublicModels {
  const models = new PublicModels();
  models.put(
    "model.sim.economy",
    ModelConfig.encode(ModelConfig.create({ provider: "sim", model: "economy" })).finish(),
  );
  models.put("alias.cheap", AliasConfig.encode({ name: "cheap", target: "sim/economy" }).finish());
  models.put("route.-.support", route("support"));
  models.put("route.acme.support", route("support", "acme"));
  models.put("route.acme.own", route("own", "acme"));
  models.put("try.acme.own.2", route("tried", "acme"));
  models.put("provider.sim", new Uint8Array());
  return models;
}
const idsOf = (
  models: PublicModels,
  organisationId: string,
  allowedModels: string[] = [],
  allowedRoutes: string[] = [],
) => models.list({ organisationId, allowedModels, allowedRoutes }).map(({ id }) => id);

describe("GET /v1/models", () => {
  it("lists models, aliases, routes and auto, each once and sorted, with their owners", () => {
    assert.deepEqual(idsOf(deployed(), "acme"), ["auto", "cheap", "dynamic/own", "dynamic/support", "sim/economy"]);
    const owners = deployed().list({ organisationId: "acme", allowedModels: [], allowedRoutes: [] });
    assert.deepEqual([...new Set(owners.map(({ ownedBy }) => ownedBy))].sort(), ["sim", "waybill"]);
  });

  it("shows an organisation's own routes to its keys only, and no version that is not live", () => {
    assert.deepEqual(idsOf(deployed(), "globex"), ["auto", "cheap", "dynamic/support", "sim/economy"]);
    assert.deepEqual(idsOf(deployed(), ""), ["auto", "cheap", "dynamic/support", "sim/economy"]);
  });

  it("shows a limited key what it may use and nothing else", () => {
    assert.deepEqual(idsOf(deployed(), "acme", ["sim/economy"]), ["sim/economy"]);
    assert.deepEqual(idsOf(deployed(), "globex", ["auto", "dynamic/own", "dynamic/support"]), [
      "auto",
      "dynamic/support",
    ]);
  });

  it("shows a key for some routes these, and models only where it has a list of them", () => {
    assert.deepEqual(idsOf(deployed(), "acme", [], ["support"]), ["dynamic/support"]);
    assert.deepEqual(idsOf(deployed(), "acme", ["sim/economy", "dynamic/own"], ["support"]), ["sim/economy"]);
  });

  it("forgets what is no longer deployed; everybody's route is there again without the organisation's own", () => {
    const models = deployed();
    models.put("route.acme.support", undefined);
    models.put("route.acme.own", undefined);
    assert.deepEqual(idsOf(models, "acme"), ["auto", "cheap", "dynamic/support", "sim/economy"]);
  });
});
