import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { accountingMonth, firstWholeDay, monthStartMs, nextMonth, requestMonth } from "./months.ts";

test("a request belongs to the UTC month of its time", () => {
  const monthOf = (time: string): string => requestMonth({ requestedAtMs: Date.parse(time) });
  assert.equal(monthOf("2026-11-30T23:59:59.999Z"), "2026-11-01");
  assert.equal(monthOf("2026-12-01T00:00:00.000Z"), "2026-12-01");
  assert.equal(monthOf("2026-11-30T23:30:00-01:00"), "2026-12-01");
});

test("it is the month that the calendar has, on any day", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_799_999 }), (requestedAtMs) => {
      assert.equal(requestMonth({ requestedAtMs }), `${new Date(requestedAtMs).toISOString().slice(0, 7)}-01`);
    }),
    { numRuns: 5_000 },
  );
});

test("a month begins at its first midnight in UTC", () => {
  const startOf = (time: string): string => new Date(monthStartMs(Date.parse(time))).toISOString();
  assert.equal(startOf("2024-02-29T23:59:59.999Z"), "2024-02-01T00:00:00.000Z");
  assert.equal(startOf("2027-01-01T00:00:00.000Z"), "2027-01-01T00:00:00.000Z");
});

test("the first whole day begins at the time or after it", () => {
  const DAY_MS = 86_400_000;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_799_999 }), (unixMs) => {
      const nextMidnight = Math.ceil(unixMs / DAY_MS) * DAY_MS;
      assert.equal(firstWholeDay(unixMs), new Date(nextMidnight).toISOString().slice(0, 10));
    }),
    { numRuns: 5_000 },
  );
});

test("what comes for a closed month, or one before it, is booked in the first that is open", () => {
  assert.equal(accountingMonth("2026-10-01", undefined), "2026-10-01");
  assert.equal(accountingMonth("2026-09-01", "2026-12-01"), "2027-01-01");
  assert.equal(accountingMonth("2026-12-01", "2026-12-01"), "2027-01-01");
  assert.equal(accountingMonth("2027-02-01", "2026-12-01"), "2027-02-01");
});

test("December is followed by January", () => {
  assert.equal(nextMonth("2026-12-01"), "2027-01-01");
  assert.equal(nextMonth("2026-09-01"), "2026-10-01");
});
