import assert from "node:assert/strict";
import { test } from "node:test";
import { Lives } from "./lives.ts";

test("an ingress lives until it was silent for ten seconds", () => {
  const lives = new Lives(0);
  lives.heard("a", 5_000);
  assert.equal(lives.isAlive("a", 14_999), true);
  assert.equal(lives.isAlive("a", 15_000), false);
});

test("one that was never heard may have spoken just before listening began", () => {
  const lives = new Lives(1_000);
  assert.equal(lives.isAlive("b", 10_999), true);
  assert.equal(lives.isAlive("b", 11_000), false);
});

test("memory is bounded, and the latest are known", () => {
  const lives = new Lives(-20_000);
  for (let n = 0; n < 10_001; n += 1) lives.heard(`life-${n}`, n);
  assert.deepEqual([lives.isAlive("life-0", 9_000), lives.isAlive("life-10000", 10_001)], [false, true]);
});

test("after a time in which nobody could be heard, nobody is gone before ten more seconds", () => {
  const lives = new Lives(0);
  lives.heard("a", 1_000);
  lives.forgiveSilence(60_000);
  assert.deepEqual([lives.isAlive("a", 69_999), lives.isAlive("a", 70_000)], [true, false]);
});
