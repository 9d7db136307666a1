import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { requestMonth } from "../core/months.ts";
import { sampleFact } from "../core/sample-fact.test.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import { dimensionsOf } from "./dimensions.ts";
import { ENTRY_TARGET, entryFields } from "./entry-columns.ts";

const columns = ENTRY_TARGET.replace(/^[^(]*\(|\)$/g, "").split(", ");
const written = (fact: UsageFact) =>
  entryFields({
    ...{ fact, sequence: 1, accountingMonth: requestMonth(fact), dimensions: dimensionsOf(fact) },
    postedAt: "2026-11-28 10:51:38.123456+00",
  });
const field = (name: string, fact = sampleFact()) => written(fact)[columns.indexOf(name)];

test("times are written exactly, in UTC", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_577_836_800_000, max: 4_102_444_799_999 }), (requestedAtMs) => {
      const time = field("occurred_at", sampleFact({ requestedAtMs }));
      assert.equal(time, new Date(requestedAtMs).toISOString());
      assert.equal(field("request_month", sampleFact({ requestedAtMs })), `${String(time).slice(0, 7)}-01`);
    }),
  );
});

test("what is unknown is NULL, and an unknown cost above all", () => {
  const bare = sampleFact({ priced: false, costPicoUsd: 0n, finishReason: "", providerStatus: 0 });
  for (const name of ["cost_usd", "finish_reason", "provider_status", "tags", "holds"]) {
    assert.equal(field(name, bare), undefined, name);
  }
  assert.equal(field("state", bare), "unpriced");
  assert.equal(field("cost_usd", sampleFact({ costPicoUsd: 0n })), "0", "free is known");
});

test("every column has a field", () => {
  assert.equal(written(sampleFact()).length, columns.length);
  assert.equal(new Set(columns).size, columns.length);
});
