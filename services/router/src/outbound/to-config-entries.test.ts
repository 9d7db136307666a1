import assert from "node:assert/strict";
import { test } from "node:test";
import { ProviderConfig, RouteConfig } from "@waybill/wire";
import { toCatalogueEntries, toRouteValue } from "./to-config-entries.ts";

test("a provider of before there were regions and versions of APIs is said as ever", () => {
  const document = {
    ...{ id: "a", dialect: "openai-compatible", baseUrl: "https://a.example/v1", keyVariable: "A_KEY" },
    ...{ allowPrivateAddress: false, simulated: false },
  };
  const rowOf = (more: object) => ({
    kind: "provider" as const,
    name: "a",
    version: 1,
    source: "file" as const,
    document: { ...document, ...more },
  });
  const encoded = (more: object) => toCatalogueEntries([rowOf(more)], new Map(), 0).get("provider.a") ?? assert.fail();
  assert.deepEqual(ProviderConfig.decode(encoded({})), ProviderConfig.fromPartial(document));
  assert.equal(ProviderConfig.decode(encoded({ region: "eu-central-1" })).region, "eu-central-1");
  const account = { id: "b", weight: 2, baseUrl: "https://b", keyVariable: "B", region: "", apiVersion: "" };
  assert.deepEqual(ProviderConfig.decode(encoded({ accounts: [account] })).accounts, [account]);
});

test("a route says what of the sender its way depends on, with its cache and without", () => {
  const policyIn = (condition: string, cache?: object) => {
    const nodes = [
      { id: "start", kind: "start", next: "plan", ...(cache && { cache }) },
      { id: "plan", kind: "if", condition, whenTrue: "end", whenFalse: "end" },
      { id: "end", kind: "end" },
    ];
    const route = { name: "r", version: 1, organisationId: "", documentJson: JSON.stringify({ nodes }) };
    return RouteConfig.decode(toRouteValue(route, true)).policy;
  };
  const senderFacts = ["headers.x-plan"];
  const asksSender = 'headers["x-plan"] == "gold"';
  assert.deepEqual(policyIn(asksSender, { ttlSeconds: 60, scope: "key" }), {
    ...{ cacheTtlSeconds: 60, cacheScope: "key", filters: [], senderFacts },
  });
  assert.deepEqual(policyIn(asksSender), { cacheTtlSeconds: 0, cacheScope: "", filters: [], senderFacts });
  assert.equal(policyIn('metadata.plan == "gold"'), undefined);
});
