// Where the value of a split's or a limit's key comes from.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleFacts } from "../sample-question.ts";
import { keyValue } from "./key-value.ts";

const facts = sampleFacts({
  metadata: { user_id: "u1", empty: "" },
  headers: { "x-tenant": "t1" },
  request: { ...sampleFacts().request, session_id: "s1" },
  caller: { ...sampleFacts().caller, tags: { "cost.centre": "42" } },
});

test("every kind of key is found", () => {
  assert.equal(keyValue("session", facts), "s1");
  assert.equal(keyValue("metadata.user_id", facts), "u1");
  assert.equal(keyValue("headers.x-tenant", facts), "t1");
  assert.equal(keyValue("caller.team_id", facts), "support");
  assert.equal(keyValue("caller.tags.cost.centre", facts), "42");
});

test("what is missing or empty is no value, and nothing is inherited", () => {
  for (const key of ["metadata.none", "metadata.empty", "metadata.constructor", "headers.none", "caller.tags.none"]) {
    assert.equal(keyValue(key, facts), undefined, key);
  }
  assert.equal(keyValue("session", sampleFacts()), undefined);
});

test("a long value is cut", () => {
  assert.equal(keyValue("metadata.x", sampleFacts({ metadata: { x: "y".repeat(9_999) } }))?.length, 256);
});
