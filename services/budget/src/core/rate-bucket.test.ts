// The bucket as a promise: what passes, who gets it, and that a quiet team is not forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BucketState,
  levelOf,
  maxMin,
  newBucket,
  type RateRule,
  type RateWanted,
  shareOut,
} from "./rate-bucket.ts";

const RULE: RateRule = { amount: 50, perSeconds: 1, burst: 50 };

function want(teamId: string, waiting: number, more: Partial<RateWanted> = {}): RateWanted {
  return { holder: "r1", teamId, waiting, ahead: 0, demand: waiting, back: 0, least: 1, out: 0, ...more };
}

function givenTo(state: BucketState, rule: RateRule, wanted: RateWanted[], atMs: number): number[] {
  return shareOut(state, rule, wanted, atMs).map(({ given }) => given);
}

test("a burst passes at once, and then as much as flows in", () => {
  const state = newBucket(RULE, 0);
  assert.deepEqual(givenTo(state, RULE, [want("a", 80)], 0), [50]);
  assert.deepEqual(givenTo(state, RULE, [want("a", 80)], 100), [5]);
  const [refused] = shareOut(state, RULE, [want("a", 1)], 100);
  assert.deepEqual(refused, { given: 0, waitMs: 20 });
});

test("a clock that goes back fills nothing twice", () => {
  const state = newBucket(RULE, 1_000);
  givenTo(state, RULE, [want("a", 50)], 1_000);
  assert.deepEqual(givenTo(state, RULE, [want("a", 50)], 0), [0]);
  assert.deepEqual(givenTo(state, RULE, [want("a", 50)], 1_000), [0]);
});

test("what comes back can be given again, and never more than the burst is in it", () => {
  const state = newBucket(RULE, 0);
  givenTo(state, RULE, [want("a", 50)], 0);
  assert.deepEqual(givenTo(state, RULE, [want("b", 10, { holder: "r2" }), want("a", 0, { back: 10 })], 0), [10, 0]);
  shareOut(state, RULE, [want("a", 0, { back: 500 })], 60_000);
  assert.equal(levelOf(state), 50);
});

test("nobody is given what is too little to be of use, and hears when there is enough", () => {
  const state = newBucket(RULE, 0);
  assert.deepEqual(givenTo(state, RULE, [want("a", 40, { least: 40 })], 0), [40]);
  assert.deepEqual(shareOut(state, RULE, [want("a", 20, { least: 20 })], 0), [{ given: 0, waitMs: 200 }]);
  assert.deepEqual(givenTo(state, RULE, [want("a", 20, { least: 20 })], 200), [20]);
});

test("what was used beyond what was given is paid before anything is given, and never more than a burst of it", () => {
  const state = newBucket(RULE, 0);
  givenTo(state, RULE, [want("a", 50)], 0);
  shareOut(state, RULE, [want("a", 0, { back: -30 })], 0);
  assert.deepEqual(givenTo(state, RULE, [want("a", 10)], 600), [0]);
  assert.deepEqual(givenTo(state, RULE, [want("a", 10)], 800), [10]);
  shareOut(state, RULE, [want("a", 0, { back: -10_000 })], 800);
  assert.deepEqual(givenTo(state, RULE, [want("a", 1)], 1_900), [5 - 4]);
});

for (const teams of [3, 7]) {
  test(`${teams} teams whose requests need a quarter of the bucket each all get their turn`, () => {
    const rule: RateRule = { amount: 1_000, perSeconds: 1, burst: 1_000 };
    const state = newBucket(rule, 0);
    const got = new Map<string, number>();
    for (let atMs = 0; atMs < 30_000; atMs += 10) {
      const team = `t${(atMs / 10) % teams}`;
      const part = givenTo(state, rule, [want(team, 250, { least: 250 })], atMs)[0] ?? 0;
      got.set(team, (got.get(team) ?? 0) + part);
    }
    const parts = [...got.values()];
    const passed = parts.reduce((sum, part) => sum + part, 0);
    assert.ok(passed >= 31_000 * 0.95 && passed <= 31_000 + 250, String(passed));
    assert.equal(got.size, teams);
    assert.ok(Math.min(...parts) >= (passed / teams) * 0.8, JSON.stringify(parts));
  });
}

test("ahead is only given where there is plenty", () => {
  const state = newBucket(RULE, 0);
  assert.deepEqual(givenTo(state, RULE, [want("a", 1, { ahead: 30 })], 0), [3]);
  givenTo(state, RULE, [want("a", 30)], 0);
  assert.deepEqual(givenTo(state, RULE, [want("a", 1, { ahead: 30 })], 0), [1]);
});

for (const [name, rule] of [
  ["fifty a second", RULE],
  ["one a second without a burst", { amount: 60, perSeconds: 60, burst: 1 }],
] as const) {
  test(`with ${name}, a loud team leaves a quiet one all it asks for, and takes the rest`, () => {
    const state = newBucket(rule, 0);
    let [quiet, loud] = [0, 0];
    const ratePerMs = rule.amount / rule.perSeconds / 1_000;
    // The quiet team asks for a fifth of the limit; the loud one fifty times every 20 ms.
    const everyMs = Math.round(5 / ratePerMs / 20) * 20;
    const forMs = everyMs * 100;
    let asked = 0;
    for (let atMs = 0; atMs < forMs; atMs += 20) {
      const isQuietThere = atMs % everyMs === 0;
      loud += givenTo(state, rule, [want("loud", 50)], atMs)[0] ?? 0;
      if (!isQuietThere) continue;
      asked += 1;
      quiet += givenTo(state, rule, [want("quiet", 1, { holder: "r2" })], atMs + 7)[0] ?? 0;
    }
    const passed = quiet + loud;
    const most = rule.burst + forMs * ratePerMs;
    assert.ok(quiet >= asked * 0.97, `${quiet} of ${asked}`);
    assert.ok(passed <= most + 1, `${passed} of ${most}`);
    assert.ok(passed >= most * 0.95, `${passed} of ${most}`);
  });
}

test("two teams that both want more than there is get the same", () => {
  const state = newBucket(RULE, 0);
  const got = { a: 0, b: 0 };
  for (let atMs = 0; atMs < 10_000; atMs += 20) {
    got.a += givenTo(state, RULE, [want("a", 100)], atMs)[0] ?? 0;
    got.b += givenTo(state, RULE, [want("b", 2)], atMs + 10)[0] ?? 0;
  }
  assert.ok(Math.abs(got.a - 50 - got.b) <= 25, JSON.stringify(got));
});

test("parts are fair: small wants are met, large ones share the rest", () => {
  assert.deepEqual(maxMin(10, [2, 100, 100]), [2, 4, 4]);
  assert.deepEqual(maxMin(10, [1, 2]), [1, 2]);
  assert.deepEqual(maxMin(0, [1]), [0]);
});
