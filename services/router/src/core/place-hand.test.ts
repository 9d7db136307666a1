// Places at a time as a router has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_SCOPE } from "./budget-index.ts";
import { PlaceHand } from "./place-hand.ts";
import type { IndexedRateLimit } from "./rate-hand.ts";

const LIMIT: IndexedRateLimit = {
  ...{ id: "l", name: "l", scope: EMPTY_SCOPE, unit: "concurrency", amount: 4, perSeconds: 0, burst: 4 },
};
const given = (part: number, waitMs = 0, routers = 1) => ({
  ...{ counterId: "l", given: [{ teamId: "a", given: BigInt(part), waitMs }], level: 0n, routers },
});
const outSaid = (hand: PlaceHand, nowMs: number): bigint | undefined => hand.ask(nowMs)?.wants[0]?.out;

test("a place is asked for, used, free when the request is over, and said so", () => {
  const hand = new PlaceHand(LIMIT);
  hand.want("a");
  assert.equal(hand.waitMs("a", 1, 1_000), undefined);
  hand.waits("a");
  assert.deepEqual(hand.ask(1_000)?.wants[0], {
    ...{ teamId: "a", waiting: 1n, ahead: 0n, demand: 1n, back: 0n, least: 1n, out: 0n },
  });
  hand.answered(given(1, 100), 1_000);
  assert.equal(hand.waitMs("a", 1, 1_000), 0);
  hand.take("a");
  assert.equal(hand.waitMs("a", 1, 1_000), 100);
  // What runs is said again every second.
  assert.equal(outSaid(hand, 1_500), undefined);
  assert.equal(outSaid(hand, 2_000), 1n);
  hand.putBack("a");
  assert.equal(outSaid(hand, 2_100), 0n);
  assert.equal(hand.waitMs("a", 1, 2_100), undefined);
  hand.ask(3_500);
  assert.equal(hand.isOpen, false);
});

test("a place that nobody used goes back with the next question", () => {
  const hand = new PlaceHand(LIMIT);
  hand.waits("a");
  hand.ask(1_000);
  hand.answered(given(1), 1_000);
  assert.equal(outSaid(hand, 1_100), 0n);
});

test("alone it has its own part, and at least one place", () => {
  const hand = new PlaceHand(LIMIT);
  hand.answered(given(0, 0, 2), 0);
  assert.deepEqual(
    [1, 2, 3].map(() => hand.takeAlone("a")),
    [true, true, false],
  );
  hand.putBack("a");
  assert.equal(hand.takeAlone("a"), true);
  hand.answered(given(0, 0, 9), 0);
  assert.equal(new PlaceHand({ ...LIMIT, amount: 1 }).takeAlone("b"), true);
});
