import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePosition, encodePosition, laterOf, positionAt, positionBehind } from "./event-position.ts";

const POSITION = {
  postedAtUs: 1_764_327_098_123_456n,
  requestId: "01932f5e-8a00-7abc-8def-000000000001",
  attempt: 2,
  sequence: 3,
};

test("a position comes back from its text", () => {
  assert.deepEqual(decodePosition(encodePosition(POSITION)), POSITION);
  const start = positionAt(1_764_327_098_123);
  assert.equal(start.postedAtUs, 1_764_327_098_123_000n);
  assert.deepEqual(decodePosition(encodePosition(start)), start);
});

test("behind a time lies behind everything of that time, and before what was booked a microsecond later", () => {
  const behind = positionBehind(POSITION.postedAtUs);
  assert.deepEqual(decodePosition(encodePosition(behind)), behind);
  assert.ok(behind.requestId > POSITION.requestId && behind.attempt > 1_000 && behind.sequence > 1_000);
});

test("what is none is refused", () => {
  const text = encodePosition(POSITION);
  for (const other of [
    ...["", "x", ` ${text}`, `${text} `, `-${text}`, `9${text}`],
    ...[text.replace("1764327098123456", "9999999999999999"), text.replace("01932f5e", "01932F5E")],
    ...[text.replace("_2_", "_20000_"), text.replace("_2_", "_-2_")],
  ]) {
    assert.equal(decodePosition(other), undefined, other);
  }
});

test("of two positions the later one is told", () => {
  const earlier = positionAt(1_764_327_098_123);
  assert.equal(laterOf(earlier, POSITION), POSITION);
  assert.equal(laterOf(POSITION, earlier), POSITION);
});
