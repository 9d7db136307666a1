// What several workers say about one model, and what is new in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TargetHealth } from "@waybill/wire";
import fc from "fast-check";
import { newsOf, TargetSum } from "./target-health.ts";

const heard = (overrides: Partial<TargetHealth>): TargetHealth => ({
  ...{ provider: "a", model: "m", calls: 0, failures: 0, rateLimited: 0, failuresInARow: 0 },
  ...{ firstTokenMsSum: 0n, firstTokens: 0, retryAfterMs: 0 },
  ...overrides,
});

test("calls, failures and times to the first token add up, and what is taken away is gone", () => {
  const sum = new TargetSum();
  const one = heard({ calls: 8, failures: 2, firstTokenMsSum: 600n, firstTokens: 6 });
  sum.add(one);
  sum.add(heard({ calls: 2, firstTokenMsSum: 400n, firstTokens: 2 }));
  assert.deepEqual([sum.calls, sum.errorShare, sum.firstTokenMs], [10, 0.2, 125]);
  sum.remove(one);
  assert.deepEqual([sum.calls, sum.errorShare, sum.firstTokenMs], [2, 0, 200]);
});

test("nothing heard is nothing known, and no share", () => {
  const sum = new TargetSum();
  assert.deepEqual([sum.calls, sum.errorShare, sum.firstTokenMs], [0, 0, 0]);
});

test("a run that grew is so many failures, a run that is over a success", () => {
  const three = heard({ calls: 3, failures: 3, failuresInARow: 3 });
  const five = heard({ calls: 5, failures: 5, failuresInARow: 5 });
  assert.deepEqual(newsOf(three, five), { hasSucceeded: false, failures: 2 });
  assert.deepEqual(newsOf(five, heard({ calls: 1 })), { hasSucceeded: true, failures: 0 });
  assert.deepEqual(newsOf(undefined, three), { hasSucceeded: false, failures: 3 });
});

test("the same again is no news, and neither are old calls that leave the window", () => {
  const before = heard({ calls: 9, failures: 5, failuresInARow: 2 });
  assert.deepEqual(newsOf(before, before), { hasSucceeded: false, failures: 0 });
  assert.deepEqual(newsOf(before, heard({ failuresInARow: 2 })), { hasSucceeded: false, failures: 0 });
});

test("a success between failures is seen", () => {
  const before = heard({ calls: 4, failures: 4, failuresInARow: 2 });
  const another = heard({ calls: 7, failures: 6, failuresInARow: 2 });
  assert.deepEqual(newsOf(before, another), { hasSucceeded: true, failures: 2 });
  const shorter = heard({ calls: 6, failures: 5, failuresInARow: 1 });
  assert.deepEqual(newsOf(before, shorter), { hasSucceeded: true, failures: 1 });
  const leftTheWindow = heard({ calls: 6, failures: 6, failuresInARow: 2 });
  assert.deepEqual(newsOf(before, leftTheWindow), { hasSucceeded: true, failures: 2 });
});

test("a worker that began anew, or forgot its run, has succeeded in nothing", () => {
  const before = heard({ calls: 5, failures: 5, failuresInARow: 5 });
  assert.deepEqual(newsOf(before, heard({})), { hasSucceeded: false, failures: 0 });
  assert.deepEqual(newsOf(before, heard({ calls: 2, failures: 2, failuresInARow: 2 })), {
    hasSucceeded: false,
    failures: 2,
  });
});

test("a refusal for the rate is no success", () => {
  assert.deepEqual(newsOf(undefined, heard({ calls: 2, rateLimited: 2 })), { hasSucceeded: false, failures: 0 });
});

test("whatever a worker does between two heartbeats, a success is not invented, and its last failures are counted", () => {
  const outcome = fc.constantFrom("answer", "failure", "rate");
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 12 }), fc.array(outcome, { maxLength: 6 }), (old, fresh) => {
      const before = windowOf(old);
      const news = newsOf(before, windowOf([...old, ...fresh]));
      assert.equal(news.hasSucceeded, fresh.includes("answer"));
      const last = fresh.slice(fresh.lastIndexOf("answer") + 1);
      assert.equal(news.failures, last.filter((each) => each === "failure").length);
    }),
    { seed: 3 },
  );
});

/** As a worker counts, while nothing leaves the window. */
function windowOf(outcomes: readonly string[]): TargetHealth {
  const count = (name: string, list = outcomes): number => list.filter((each) => each === name).length;
  return heard({
    calls: outcomes.length,
    failures: count("failure"),
    rateLimited: count("rate"),
    failuresInARow: count("failure", outcomes.slice(outcomes.lastIndexOf("answer") + 1)),
  });
}
