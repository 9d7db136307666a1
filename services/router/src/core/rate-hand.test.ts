// What a router has in hand of a rate limit: what it asks for, gives back, and does alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_SCOPE } from "./budget-index.ts";
import { type IndexedRateLimit, RateHand } from "./rate-hand.ts";

const LIMIT: IndexedRateLimit = {
  ...{ id: "l", name: "l", scope: EMPTY_SCOPE, unit: "requests", amount: 100, perSeconds: 1, burst: 100 },
};

function given(teamId: string, part: number, waitMs = 0): Parameters<RateHand["answered"]>[0] {
  return { counterId: "l", given: [{ teamId, given: BigInt(part), waitMs }], level: 40n, routers: 2 };
}

test("a cold one has to be asked, a part that was given is used without asking, and where there is none nobody is asked", () => {
  const hand = new RateHand(LIMIT, 0);
  hand.want("a", 1);
  assert.equal(hand.waitMs("a", 1, 0), undefined);
  hand.waits("a", 1);
  const asked = hand.ask(10);
  assert.deepEqual(asked?.wants[0], { teamId: "a", waiting: 1n, ahead: 0n, demand: 1n, back: 0n, least: 1n, out: 0n });
  hand.answered(given("a", 1, 50), 12);
  assert.equal(hand.waitMs("a", 1, 12), 0);
  hand.take("a", 1);
  assert.equal(hand.waitMs("a", 1, 12), 50);
  assert.equal(hand.waitMs("a", 1, 62), undefined);
});

test("with a steady demand it asks ahead, and what nobody used goes back whole", () => {
  const hand = new RateHand(LIMIT, 0);
  for (let n = 0; n < 100; n += 1) hand.want("a", 1);
  const ahead = hand.ask(500)?.wants[0]?.ahead ?? 0n;
  assert.ok(ahead >= 40n && ahead <= 50n, String(ahead));
  hand.answered(given("a", Number(ahead)), 505);
  assert.equal(hand.ask(1_000)?.wants[0]?.back, ahead);
  for (let atMs = 1_500; hand.isOpen && atMs < 60_000; atMs += 500) hand.ask(atMs);
  assert.equal(hand.isOpen, false);
});

test("a team that was refused says its demand with the next question", () => {
  const hand = new RateHand(LIMIT, 0);
  hand.answered(given("a", 0, 1_000), 0);
  for (let n = 0; n < 7; n += 1) hand.want("a", 1);
  assert.deepEqual(hand.ask(100)?.wants[0], {
    teamId: "a",
    waiting: 0n,
    ahead: 0n,
    demand: 7n,
    back: 0n,
    least: 0n,
    out: 0n,
  });
});

test("alone it lets its own part of the whole pass, as many routers as there were last", () => {
  const hand = new RateHand(LIMIT, 0);
  hand.answered(given("a", 0, 10), 0);
  let passed = 0;
  for (let n = 0; n < 1_000; n += 1) if (hand.takeAlone("a", 1, n)) passed += 1;
  // Half of the burst, and half of what flows in during a second.
  assert.ok(passed >= 99 && passed <= 100, String(passed));
  assert.equal(hand.aloneWaitMs(1), 20);
});

test("what is left goes by the last answer, what is in hand here, and what has flowed in since", () => {
  const hand = new RateHand(LIMIT, 0);
  hand.answered(given("a", 5), 1_000);
  assert.deepEqual(hand.standing(1_000), { unit: "requests", limit: 100n, remaining: 45n, resetMs: 550 });
  assert.equal(hand.standing(1_100).remaining, 55n);
  assert.equal(hand.standing(60_000).remaining, 100n);
});

test("what turned out otherwise is corrected: the rest is there for others, and what was more is owed", () => {
  const hand = new RateHand(LIMIT, 0);
  hand.answered(given("a", 50), 0);
  hand.take("a", 50);
  hand.putBack("a", 20);
  assert.equal(hand.waitMs("a", 20, 0), 0);
  hand.putBack("a", -60);
  assert.deepEqual(hand.ask(100)?.wants[0]?.back, -40n);
  assert.equal(hand.ask(200), undefined);
});
