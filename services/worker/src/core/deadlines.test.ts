import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadlines } from "./deadlines.ts";

const timeouts = { connectMs: 10, firstTokenMs: 100, gapMs: 50, totalMs: 0 };

test("each timeout counts from its own moment and has its own name", () => {
  const deadlines = new Deadlines(timeouts, 1_000, 2_000);
  assert.equal(deadlines.expired(1_009), undefined);
  assert.equal(deadlines.expired(1_010), "connect");
  deadlines.sent(1_005, true);
  assert.equal(deadlines.expired(1_104), undefined);
  assert.equal(deadlines.expired(1_105), "first_token");
  deadlines.heard(1_100);
  assert.equal(deadlines.expired(1_149), undefined);
  assert.equal(deadlines.expired(1_150), "gap");
});

test("a plain answer may take until the total", () => {
  const deadlines = new Deadlines(timeouts, 0, 500);
  deadlines.sent(1, false);
  assert.equal(deadlines.expired(499), undefined);
  assert.equal(deadlines.expired(500), "total");
});

test("the total ends a call that never pauses, and a zero timeout never does", () => {
  const deadlines = new Deadlines({ connectMs: 0, firstTokenMs: 0, gapMs: 0, totalMs: 0 }, 0, 500);
  assert.equal(deadlines.expired(499), undefined);
  deadlines.heard(499);
  assert.equal(deadlines.expired(500), "total");
});

test("a finished answer is waited for five seconds more, whatever else comes", () => {
  const deadlines = new Deadlines({ ...timeouts, gapMs: 30_000 }, 0, 60_000);
  deadlines.heard(100);
  deadlines.finished(200);
  deadlines.heard(3_000);
  deadlines.finished(3_000);
  assert.equal(deadlines.expired(5_199), undefined);
  assert.equal(deadlines.expired(5_200), "end_mark");
});

test("the last event is waited for through five seconds of silence, never longer than the gap", () => {
  const deadlines = new Deadlines({ ...timeouts, gapMs: 30_000 }, 0, 60_000);
  deadlines.heard(100);
  deadlines.lastEventDue(100);
  deadlines.heard(3_000);
  deadlines.lastEventDue(3_000);
  assert.deepEqual([deadlines.expired(7_999), deadlines.expired(8_000)], [undefined, "last_event"]);
  deadlines.heard(7_000);
  assert.equal(deadlines.expired(36_999), undefined, "something else has begun");
  const short = new Deadlines(timeouts, 0, 60_000);
  short.heard(100);
  short.lastEventDue(100);
  assert.ok(short.expired(150));
});
