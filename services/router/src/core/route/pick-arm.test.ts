// Shares are kept, and raising one never moves those who are already in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Draws } from "../draws.ts";
import type { SplitArm } from "./compiled-route.ts";
import { armByDraw, armByKey, unitHash } from "./pick-arm.ts";

const arms = (...percents: number[]): SplitArm[] =>
  percents.map((percent, index) => ({ percent, next: { kind: "end", id: `end${index}` } }));
const COUNT = 10_000;

function shares(pick: (n: number) => number, of: readonly SplitArm[]): number[] {
  const counts = of.map(() => 0);
  for (let n = 0; n < COUNT; n += 1) counts[pick(n)] = (counts[pick(n)] ?? 0) + 1;
  return counts.map((count) => (count / COUNT) * 100);
}

function assertWithin(found: number[], wanted: readonly SplitArm[], percent: number): void {
  found.forEach((share, index) => {
    const want = wanted[index]?.percent ?? 0;
    assert.ok(Math.abs(share - want) <= percent, `arm ${index}: ${share} for ${want}`);
  });
}

test("random shares are kept to a tenth of a percent over 10 000, wherever the sequence begins", () => {
  for (const begin of [0, 0.123, 0.999]) {
    for (const split of [arms(10, 90), arms(50, 50), arms(33.33, 33.33, 33.34), arms(1, 2, 3, 94)]) {
      const draws = new Draws(() => begin);
      const picked = Array.from({ length: COUNT }, () => armByDraw(split, draws.next("node")));
      assertWithin(
        shares((n) => picked[n] ?? 0, split),
        split,
        0.1,
      );
    }
  }
});

test("shares by key are kept within one percent over 10 000 users", () => {
  for (const split of [arms(10, 90), arms(50, 50), arms(5, 15, 80)]) {
    assertWithin(
      shares((n) => armByKey(split, "r/split", `user-${n}`), split),
      split,
      1,
    );
  }
});

test("the same value always goes the same way, and another split sends it its own way", () => {
  const split = arms(50, 50);
  assert.equal(armByKey(split, "r/a", "user-1"), armByKey(split, "r/a", "user-1"));
  const differing = Array.from({ length: 1_000 }, (_, n) => `u${n}`).filter(
    (user) => armByKey(split, "r/a", user) !== armByKey(split, "r/b", user),
  );
  assert.ok(differing.length > 400 && differing.length < 600, `${differing.length}`);
});

test("raising a share moves nobody out of it", () => {
  const share = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(share, share, share, fc.array(fc.string(), { minLength: 50, maxLength: 50 }), (a, b, raise, users) => {
      const total = a + b + 100;
      const percent = (part: number) => (part / total) * 100;
      const before = arms(percent(a), percent(b), percent(100));
      // The raised arm takes from the last one.
      const raised = Math.min(raise, 100);
      const after = arms(percent(a + raised), percent(b), percent(100 - raised));
      for (const user of users) {
        const was = armByKey(before, "salt", user);
        const is = armByKey(after, "salt", user);
        if (was === 0) assert.equal(is, 0, `${user} left the raised arm`);
        if (was === 1) assert.notEqual(is, 2, `${user} moved into the lowered arm`);
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("an arm without a share gets nobody", () => {
  const split = arms(0, 100);
  for (let n = 0; n < 1_000; n += 1) {
    assert.equal(armByKey(split, "s", `u${n}`), 1);
    assert.equal(armByDraw(split, n / 1_000), 1);
  }
  assert.equal(armByDraw(arms(100, 0), 0.999_999_999_999_999_9), 0);
});

test("hashes lie between 0 and 1 and are evenly spread", () => {
  const buckets = Array.from({ length: 20 }, () => 0);
  for (let n = 0; n < 20_000; n += 1) {
    const hash = unitHash(`value ${n}`);
    assert.ok(hash > 0 && hash < 1);
    const bucket = Math.floor(hash * 20);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) assert.ok(Math.abs(count - 1_000) < 150, buckets.join());
});
