import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleFact } from "../core/sample-fact.test.ts";
import { ENTRY_TARGET, entryFields, requestMonth } from "./entry-columns.ts";

const columns = ENTRY_TARGET.replace(/^[^(]*\(|\)$/g, "").split(", ");
const field = (name: string, fact = sampleFact()) => entryFields(fact, 1)[columns.indexOf(name)];

test("times are written exactly, in UTC", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_577_836_800_000, max: 4_102_444_799_999 }), (requestedAtMs) => {
      const written = field("occurred_at", sampleFact({ requestedAtMs }));
      assert.equal(written, new Date(requestedAtMs).toISOString());
      assert.equal(requestMonth({ requestedAtMs }), `${String(written).slice(0, 7)}-01`);
    }),
  );
});

test("what is unknown is NULL, and an unknown cost above all", () => {
  const bare = sampleFact({ priced: false, costPicoUsd: 0n, route: "", finishReason: "", providerStatus: 0 });
  for (const name of [
    "cost_usd",
    "route",
    "route_version",
    "finish_reason",
    "provider_status",
    "tags",
    "holds",
    "path",
  ]) {
    assert.equal(field(name, bare), undefined, name);
  }
  assert.equal(field("state", bare), "unpriced");
  assert.equal(field("cost_usd", sampleFact({ costPicoUsd: 0n })), "0", "free is known");
});

test("every column has a field", () => {
  assert.equal(entryFields(sampleFact(), 1).length, columns.length);
  assert.equal(new Set(columns).size, columns.length);
});
