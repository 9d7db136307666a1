import assert from "node:assert/strict";
import { test } from "node:test";
import { Attribution } from "@waybill/wire";
import { senderFact } from "./sender-fact.ts";

const attribution = Attribution.create({
  ...{ organisationId: "o", teamId: "t", userId: "u", keyId: "k", endUserId: "e" },
  tags: { b: "2", a: "1" },
});
const factOf = (name: string, headers: Record<string, string> = {}) => senderFact(name, headers, attribution);

test("every name that a route may look at says what this sender has there", () => {
  assert.equal(factOf("headers.x-plan", { "x-plan": "gold" }), "gold");
  assert.equal(factOf("headers.x-plan"), null);
  assert.equal(factOf("headers.constructor"), null);
  assert.deepEqual(factOf("headers", { b: "2", a: "1" }), [
    ["a", "1"],
    ["b", "2"],
  ]);
  const fields = ["organisation_id", "team_id", "user_id", "key_id", "end_user_id"];
  assert.deepEqual(
    fields.map((field) => factOf(`caller.${field}`)),
    ["o", "t", "u", "k", "e"],
  );
  const tags = [
    ["a", "1"],
    ["b", "2"],
  ];
  assert.deepEqual(factOf("caller.tags"), tags);
});

test("a name of another version is taken for all of the caller", () => {
  for (const name of ["caller", "caller.shoe_size"]) {
    assert.deepEqual(factOf(name), senderFact("caller", {}, attribution));
    assert.notDeepEqual(factOf(name), senderFact(name, {}, { ...attribution, keyId: "k2" }));
  }
});
