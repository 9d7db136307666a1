import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndOfLife, judgeEndOfLife } from "./judge-end-of-life.ts";

const life: EndOfLife = {
  begunAtMs: 10_000,
  endedAtMs: 20_000,
  work: { createdAtMs: 1_000, oldestAtMs: undefined },
  usageReadThroughMs: 20_000,
  clockMarginMs: 500,
};

test("never sent: the same stream all the while, nothing that old in it, and USAGE read past the end", () => {
  assert.equal(judgeEndOfLife(life), "never_sent");
  assert.equal(judgeEndOfLife({ ...life, work: { createdAtMs: 1_000, oldestAtMs: 20_501 } }), "never_sent");
});

test("a waybill of that time is still in the stream: wait for its delivery", () => {
  for (const oldestAtMs of [9_000, 15_000, 20_500]) {
    assert.equal(judgeEndOfLife({ ...life, work: { createdAtMs: 1_000, oldestAtMs } }), "wait");
  }
});

test("USAGE is not read to its end: wait, whatever else is known", () => {
  assert.equal(judgeEndOfLife({ ...life, usageReadThroughMs: 19_999 }), "wait");
  const lostWork = { createdAtMs: 15_000, oldestAtMs: undefined };
  assert.equal(judgeEndOfLife({ ...life, usageReadThroughMs: 19_999, work: lostWork }), "wait");
});

test("the stream was made later, or too close to tell, or is gone: lost", () => {
  for (const createdAtMs of [15_000, 9_501, undefined]) {
    assert.equal(judgeEndOfLife({ ...life, work: { createdAtMs, oldestAtMs: undefined } }), "lost");
  }
});
