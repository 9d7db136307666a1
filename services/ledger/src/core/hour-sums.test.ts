import assert from "node:assert/strict";
import { test } from "node:test";
import { HourSums, type SumKey } from "./hour-sums.ts";

const KEY: SumKey = {
  requestMonth: "2026-11-01",
  accountingMonth: "2026-11-01",
  hour: 499_000,
  attributionId: "a",
  routingId: "r",
  priceId: "p",
  outcome: "success",
  tokenSource: "provider",
};

test("what has the same key is summed, what differs in any part of it is not", () => {
  const sums = new HourSums();
  sums.of(KEY).costPicoUsd += 5n;
  sums.of({ ...KEY }).costPicoUsd += 7n;
  for (const part of Object.keys(KEY)) sums.of({ ...KEY, [part]: part === "hour" ? 499_001 : "other" });
  const [first, ...others] = sums.all();
  assert.equal(first?.costPicoUsd, 12n);
  assert.equal(others.length, Object.keys(KEY).length);
});

test("a request counts with its first attempt or its answer from the cache, a try after it does not", () => {
  const sum = new HourSums().of(KEY);
  for (const attempt of [0, 1, 2, 3]) sum.count(1, attempt, attempt !== 2, attempt === 3);
  assert.deepEqual([sum.requests, sum.attempts, sum.unpricedAttempts, sum.suspectAttempts], [2, 4, 1, 1]);
  for (const attempt of [0, 1, 2, 3]) sum.count(-1, attempt, attempt !== 2, attempt === 3);
  assert.deepEqual([sum.requests, sum.attempts, sum.unpricedAttempts, sum.suspectAttempts], [0, 0, 0, 0]);
});
