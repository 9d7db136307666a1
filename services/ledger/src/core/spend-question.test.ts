import assert from "node:assert/strict";
import { test } from "node:test";
import { isAnsweredByDays, type SpendField, type SpendQuestion, wholeTime } from "./spend-question.ts";

const DAY_MS = 86_400_000;
const question = (fromMs: number, untilMs: number, ...by: SpendField[]): SpendQuestion => ({
  ...{ organisationId: "acme", by, fromMs, untilMs, where: new Map(), isSimulated: false, limit: 10 },
});

test("whole days are answered by sums by day, hours by sums by hour", () => {
  assert.equal(isAnsweredByDays(question(DAY_MS, 3 * DAY_MS, "team")), true);
  assert.equal(isAnsweredByDays(question(DAY_MS, 3 * DAY_MS, "team", "hour")), false);
  assert.equal(isAnsweredByDays(question(DAY_MS, 3 * DAY_MS + 3_600_000, "team")), false);
});

test("whole hours are answered, and whole days where the time is long or long ago", () => {
  const now = Date.parse("2026-11-28T09:30:00Z");
  const shown = (from: string, until: string): string[] => {
    const { fromMs, untilMs } = wholeTime(Date.parse(from), Date.parse(until), now);
    return [fromMs, untilMs].map((ms) => new Date(ms).toISOString().slice(0, 16));
  };
  assert.deepEqual(shown("2026-11-27T09:30:00Z", "2026-11-28T09:30:00Z"), ["2026-11-27T09:00", "2026-11-28T10:00"]);
  assert.deepEqual(shown("2026-09-29T09:30:00Z", "2026-11-28T09:30:00Z"), ["2026-09-29T00:00", "2026-11-29T00:00"]);
  assert.deepEqual(shown("2025-01-02T09:30:00Z", "2025-01-02T11:00:00Z"), ["2025-01-02T00:00", "2025-01-03T00:00"]);
});
