import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addSpend,
  age,
  bucketMs,
  countableMs,
  fromStoredBuckets,
  grantLifeMsMax,
  leavesAtMs,
  type Rolling,
  toStoredBuckets,
} from "./rolling.ts";

const rollingOf = (lengthMs: number): Rolling => ({ lengthMs, first: 0, byBucket: new Map() });
const spend = fc.record({ atMs: fc.nat(500_000), amount: fc.bigInt(1n, 1_000n) });

test("spend never leaves before it is as old as the window is long, and at the latest a sixtieth later", () => {
  const length = fc.integer({ min: 1_000, max: 300_000 });
  fc.assert(
    fc.property(length, spend, fc.integer({ min: -6_000, max: 6_000 }), (lengthMs, { atMs, amount }, aroundMs) => {
      const rolling = rollingOf(lengthMs);
      addSpend(rolling, atMs, amount);
      const laterMs = Math.max(0, lengthMs + aroundMs);
      const left = age(rolling, atMs + laterMs);
      if (laterMs < lengthMs) assert.equal(left, 0n);
      if (laterMs >= lengthMs + bucketMs(rolling)) assert.equal(left, amount);
      assert.ok(left === 0n || left === amount);
    }),
    { numRuns: 1_000 },
  );
});

test("however much is spent, a row has few buckets, and says the same when it is read again", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 300_000 }), fc.array(spend, { maxLength: 200 }), (lengthMs, spends) => {
      const rolling = rollingOf(lengthMs);
      for (const { atMs, amount } of spends.sort((a, b) => a.atMs - b.atMs)) {
        age(rolling, atMs);
        addSpend(rolling, countableMs(rolling, atMs + grantLifeMsMax(rolling)), amount);
      }
      const stored = toStoredBuckets(rolling);
      assert.ok(stored.length <= 122, `${stored.length} buckets`);
      assert.deepEqual(fromStoredBuckets(lengthMs, rolling.first, stored), rolling);
    }),
  );
});

test("a clock that is set back makes nothing count again, and new spend still counts", () => {
  const rolling = rollingOf(60_000);
  addSpend(rolling, 1_000, 5n);
  assert.equal(age(rolling, 3_600_000), 5n);
  assert.equal(addSpend(rolling, 1_000, 5n), false);
  assert.equal(addSpend(rolling, countableMs(rolling, 2_000), 7n), true);
  assert.equal(age(rolling, 5_000), 0n);
});

test("it is known when enough will have left", () => {
  const rolling = rollingOf(60_000);
  addSpend(rolling, 10_500, 5n);
  addSpend(rolling, 20_500, 5n);
  assert.equal(leavesAtMs(rolling, 5n), 71_000);
  assert.equal(leavesAtMs(rolling, 6n), 81_000);
  assert.equal(leavesAtMs(rolling, 11n), undefined);
});
