import assert from "node:assert/strict";
import { test } from "node:test";
import { HOURS_MS_MAX, isAnsweredByDays, type SpendField, type SpendQuestion } from "./spend-question.ts";

const DAY_MS = 86_400_000;
const question = (fromMs: number, untilMs: number, ...by: SpendField[]): SpendQuestion => ({
  ...{ organisationId: "acme", by, fromMs, untilMs, where: new Map(), isSimulated: false, limit: 10 },
});

test("whole days are answered by sums by day, hours by sums by hour", () => {
  assert.equal(isAnsweredByDays(question(DAY_MS, 3 * DAY_MS, "team")), true);
  assert.equal(isAnsweredByDays(question(DAY_MS, 3 * DAY_MS, "team", "hour")), false);
  assert.equal(isAnsweredByDays(question(DAY_MS, 3 * DAY_MS + 3_600_000, "team")), false);
});

test("a long time is answered by sums by day, whatever its ends", () => {
  assert.equal(isAnsweredByDays(question(3_600_000, 7_200_000 + HOURS_MS_MAX, "team")), true);
});
