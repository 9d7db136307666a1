import assert from "node:assert/strict";
import { test } from "node:test";
import { ProviderConfig } from "@waybill/wire";
import { accountsOf, nameOfAccount } from "./accounts-of.ts";

test("a provider that lists no accounts is one account of its own fields", () => {
  const provider = ProviderConfig.fromPartial({ id: "p", baseUrl: "https://a", keyVariable: "A", region: "eu-west-1" });
  const [only, ...others] = accountsOf(provider);
  assert.deepEqual(only, {
    ...{ id: "default", weight: 1, baseUrl: "https://a", keyVariable: "A", region: "eu-west-1", apiVersion: "" },
  });
  assert.equal(others.length, 0);
  assert.equal(nameOfAccount(provider, { id: "default" }), "p");
});

test("listed accounts are taken as they are", () => {
  const east = { id: "east", weight: 3, baseUrl: "https://e", keyVariable: "E" };
  const provider = ProviderConfig.fromPartial({ id: "p", baseUrl: "https://a", keyVariable: "A", accounts: [east] });
  assert.deepEqual(accountsOf(provider), provider.accounts);
  assert.equal(nameOfAccount(provider, east), "the account east of p");
});
