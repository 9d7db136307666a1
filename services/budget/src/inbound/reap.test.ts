// The rounds of the reapers, by a clock of the test's own.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { makeReapRound } from "./reap.ts";

const HOUR_MS = 3_600_000;

test("it forgets once an hour, and with every round as long as there is more", async (t) => {
  let nowMs = 5;
  t.mock.method(performance, "now", () => nowMs);
  const left = [true, true, false, false];
  const forget = mock.fn(async () => left.shift() ?? false);
  const round = makeReapRound({
    look: { look: async () => ({ work: { createdAtMs: undefined, oldestAtMs: undefined }, usageReadThroughMs: 0 }) },
    world: {
      writer: { submit: () => assert.fail("nothing has expired") },
      expired: { attempts: async () => [], grants: async () => [] },
      lostRecords: { closeAttempt: async () => false, closeGrant: async () => false },
      clockMarginMs: 0,
    },
    onHold() {},
    onGrant() {},
    forget,
  });
  const calls: number[] = [];
  for (const afterMs of [0, HOUR_MS, 1, 1, 1, 1, HOUR_MS]) {
    nowMs += afterMs;
    await round();
    calls.push(forget.mock.callCount());
  }
  assert.deepEqual(calls, [0, 1, 2, 3, 3, 3, 4]);
});
