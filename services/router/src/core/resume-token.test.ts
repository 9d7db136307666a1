// The token gives back what was put in, and nothing else is read.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DIRECT_POLICY } from "./attempt-policy.ts";
import type { Item, Itinerary } from "./itinerary.ts";
import { decodeItinerary, encodeItinerary } from "./resume-token.ts";
import { sampleLimitUse } from "./sample-question.ts";

const POLICIES = [
  DIRECT_POLICY,
  { ...DIRECT_POLICY, retries: 2, retryDelayMs: 100, backoff: "linear", timeouts: { firstTokenMs: 5 } },
  { ...DIRECT_POLICY, fallbackOn: ["content_filter"], commitAfter: { ms: 500 } },
] as const;
const LIMITS = [sampleLimitUse("a"), sampleLimitUse("b", { metric: "cost", amount: "0.5" }, "user 1")];

const items = fc.array(
  fc
    .record({
      id: fc.string({ minLength: 1 }),
      tries: fc.nat(5),
      node: fc.string(),
      path: fc.array(fc.string(), { maxLength: 4 }),
      policy: fc.constantFrom(...POLICIES),
      limits: fc.subarray(LIMITS),
      onlyAfter: fc.array(fc.string(), { maxLength: 2 }),
      isAuto: fc.boolean(),
    })
    .map(({ isAuto, id, tries, ...base }): Item => {
      const auto = { mode: "cost", bandPercent: 3, models: [id], affinity: "none", firstTokenMsMax: 9 } as const;
      return isAuto ? { kind: "auto", auto, ...base } : { kind: "model", id, tries, ...base };
    }),
  { maxLength: 20 },
);

test("an itinerary survives its token", () => {
  const itinerary = fc
    .record({
      route: fc.string(),
      routeVersion: fc.nat(),
      routeOrganisationId: fc.string(),
      items,
      at: fc.integer({ min: -1, max: 20 }),
      exceeded: fc.array(fc.string(), { maxLength: 2 }),
    })
    .map((record) => ({ ...record }));
  fc.assert(
    fc.property(itinerary, (given: Itinerary) => {
      assert.deepEqual(decodeItinerary(encodeItinerary(given)), given);
    }),
    { seed: 5 },
  );
});

test("anything else is not read, and nothing throws", () => {
  const good: unknown[] = JSON.parse(
    encodeItinerary({
      ...{ route: "r", routeVersion: 1, routeOrganisationId: "", at: 0, exceeded: [] },
      items: [
        { kind: "model", id: "a/m", tries: 1, node: "n", path: [], policy: DIRECT_POLICY, limits: [], onlyAfter: [] },
      ],
    }),
  );
  for (let index = 0; index < good.length; index += 1) {
    for (const wrong of [null, {}, "x", [[]], [null]]) {
      const text = JSON.stringify(good.with(index, wrong));
      if (index === 1 && wrong === "x") continue;
      if (index === 3 && wrong === "x") continue;
      // Exceeded nodes are texts that are only compared.
      if (index === 5 && Array.isArray(wrong)) continue;
      assert.equal(decodeItinerary(text), undefined, text);
    }
  }
  for (const text of ["", "[]", "{", "[1]", "x".repeat(200_000)]) assert.equal(decodeItinerary(text), undefined);
});
