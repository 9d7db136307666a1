// argmin cost over {q >= q_max (1 - band)}: Azure's bands, as properties.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bandOf, type Ranked, rank } from "./rank.ts";

const pool = fc.array(
  fc.record({ quality: fc.double({ min: 0, max: 1, noNaN: true }), costPicoUsd: fc.integer({ min: 0, max: 1_000 }) }),
  { minLength: 1, maxLength: 30 },
);
const toRanked = (items: { quality: number; costPicoUsd: number }[]): Ranked<number>[] =>
  items.map((item, index) => ({ item: index, ...item }));
const best = (items: Ranked<number>[], band: number): Ranked<number> => {
  const [first] = rank(items, band, 1);
  assert.ok(first);
  return first;
};

test("the choice is the cheapest of those within the band of the best", () => {
  fc.assert(
    fc.property(pool, fc.constantFrom("quality", "balanced", "cost"), (given, mode) => {
      const items = toRanked(given);
      const band = bandOf(mode as "cost", undefined);
      const chosen = best(items, band);
      const qMax = Math.max(...items.map(({ quality }) => quality));
      const within = items.filter(({ quality }) => quality >= qMax * (1 - band));
      assert.ok(chosen.quality >= qMax * (1 - band));
      assert.equal(chosen.costPicoUsd, Math.min(...within.map(({ costPicoUsd }) => costPicoUsd)));
    }),
    { seed: 11 },
  );
});

test("a wider band never costs more, and a narrower one is never worse", () => {
  fc.assert(
    fc.property(pool, (given) => {
      const items = toRanked(given);
      const [quality, balanced, cost] = (["quality", "balanced", "cost"] as const).map((mode) =>
        best(items, bandOf(mode, undefined)),
      );
      assert.ok(quality && balanced && cost);
      assert.ok(cost.costPicoUsd <= balanced.costPicoUsd && balanced.costPicoUsd <= quality.costPicoUsd);
      assert.ok(quality.quality >= balanced.quality || balanced.quality >= quality.quality * (1 - 0.015));
    }),
    { seed: 12 },
  );
});

test("the second choice is what would have been chosen without the first", () => {
  fc.assert(
    fc.property(pool, (given) => {
      const items = toRanked(given);
      const order = rank(items, 0.05, items.length);
      assert.equal(order.length, items.length);
      order.forEach((each, index) => {
        const gone = new Set(order.slice(0, index).map(({ item }) => item));
        const again = best(
          items.filter(({ item }) => !gone.has(item)),
          0.05,
        );
        assert.deepEqual([again.quality, again.costPicoUsd], [each.quality, each.costPicoUsd]);
      });
    }),
    { seed: 13, numRuns: 50 },
  );
});

test("of equally dear models the better one is chosen", () => {
  const items = toRanked([
    { quality: 0.99, costPicoUsd: 5 },
    { quality: 1, costPicoUsd: 5 },
  ]);
  assert.equal(best(items, 0.05).item, 1);
});

test("a node's own band wins over its mode's", () => {
  assert.equal(bandOf("quality", 10), 0.1);
  assert.equal(bandOf("balanced", undefined), 0.015);
  assert.equal(bandOf("cost", undefined), 0.055);
});
