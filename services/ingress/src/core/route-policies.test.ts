import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AliasConfig, RouteConfig } from "@waybill/wire";
import { RoutePolicies } from "./route-policies.ts";

function route(name: string, version: number, organisationId = "", cacheTtlSeconds = 0, deployed = true): Uint8Array {
  const policy = { cacheTtlSeconds, cacheScope: "team", filters: [], senderFacts: ["caller.key_id"] };
  return RouteConfig.encode(RouteConfig.create({ name, version, organisationId, deployed, policy })).finish();
}

function deployed(): RoutePolicies {
  const policies = new RoutePolicies();
  policies.put("alias.cheap", AliasConfig.encode({ name: "cheap", target: "sim/economy" }).finish());
  policies.put("route.-.support", route("support", 3, "", 60));
  policies.put("try.-.support.4", route("support", 4, "", 90, false));
  policies.put("route.acme.own", route("own", 1, "acme"));
  policies.put("try.acme.own.2", route("own", 2, "acme", 30, false));
  return policies;
}

it("a route's content filters are known by its name; other names have none of their own", () => {
  const policies = deployed();
  const policy = { cacheTtlSeconds: 0, cacheScope: "", filters: ["pii"] };
  const value = RouteConfig.encode(
    RouteConfig.create({ name: "careful", version: 1, deployed: true, policy }),
  ).finish();
  policies.put("route.-.careful", value);
  assert.deepEqual(policies.of("acme", "dynamic/careful").filters, ["pii"]);
  for (const name of ["dynamic/support", "cheap", "dynamic/none"])
    assert.deepEqual(policies.of("acme", name).filters, []);
});

describe("what a model's name means", () => {
  it("is a route's version, an alias's target, or the name itself", () => {
    const policies = deployed();
    assert.equal(policies.of("acme", "dynamic/support").meaning, "dynamic//support@3");
    assert.equal(policies.of("acme", "dynamic/own@1").meaning, "dynamic/acme/own@1");
    assert.equal(policies.of("acme", "cheap").meaning, "sim/economy");
    assert.equal(policies.of("acme", "sim/economy").meaning, "sim/economy");
    assert.equal(policies.of("acme", "dynamic/none").meaning, "dynamic/none");
  });

  it("changes with a deployment", () => {
    const policies = deployed();
    policies.put("route.-.support", route("support", 4));
    assert.equal(policies.of("acme", "dynamic/support").meaning, "dynamic//support@4");
    policies.put("route.-.support", undefined);
    assert.equal(policies.of("acme", "dynamic/support").meaning, "dynamic/support");
  });
});

describe("a route", () => {
  it("is known by its version, and what it looks at of who sends; a model looks at nothing", () => {
    const policies = deployed();
    const { version, senderFacts } = policies.of("acme", "dynamic/support");
    assert.deepEqual([version, senderFacts], [3, ["caller.key_id"]]);
    for (const name of ["cheap", "sim/economy", "dynamic/none"]) {
      const { version: none, senderFacts: nothing } = policies.of("acme", name);
      assert.deepEqual([none, nothing], [0, []]);
    }
  });
});

describe("a route's cache", () => {
  const cacheOf = (organisationId: string, name: string) => deployed().of(organisationId, name).cache?.ttlSeconds;

  it("is that of the version that is asked for", () => {
    assert.equal(cacheOf("acme", "dynamic/support"), 60);
    assert.equal(cacheOf("acme", "dynamic/support@3"), 60);
    assert.equal(cacheOf("acme", "dynamic/support@4"), 90);
    assert.equal(cacheOf("acme", "dynamic/own@2"), 30);
    assert.equal(cacheOf("acme", "dynamic/own"), undefined);
  });

  it("is no other organisation's, and no direct model has one", () => {
    assert.equal(cacheOf("globex", "dynamic/own@2"), undefined);
    assert.equal(cacheOf("acme", "sim/economy"), undefined);
  });
});
