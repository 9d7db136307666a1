// How fast, and until when.
import assert from "node:assert/strict";
import { test } from "node:test";
import { burnRates, exhaustedAtMs, NO_SPEND, usualPerHour } from "./burn.ts";

const HOUR_MS = 3_600_000;

test("rates are for an hour, whole, and never negative", () => {
  assert.deepEqual(burnRates({ ...NO_SPEND, last5Min: 7n, lastHour: 50n, last6Hours: 59n }), {
    ...{ by5Min: 84n, by1Hour: 50n, by6Hours: 9n },
  });
  assert.deepEqual(burnRates({ ...NO_SPEND, last5Min: -7n, lastHour: -1n, last6Hours: -6n }), {
    ...{ by5Min: 0n, by1Hour: 0n, by6Hours: 0n },
  });
});

test("usual is the busiest hour, once half a day is known", () => {
  assert.equal(usualPerHour({ ...NO_SPEND, busiestHourBefore: 9n, hoursKnown: 11 }), undefined);
  assert.equal(usualPerHour({ ...NO_SPEND, busiestHourBefore: 9n, hoursKnown: 12 }), 9n);
});

test("what is left lasts for what it divides into, if the window does not end before", () => {
  const now = 1_000_000;
  assert.equal(exhaustedAtMs(30n, 10n, now, undefined), now + 3 * HOUR_MS);
  assert.equal(exhaustedAtMs(30n, 10n, now, now + 3 * HOUR_MS), undefined);
  assert.equal(exhaustedAtMs(30n, 10n, now, now + 3 * HOUR_MS + 1), now + 3 * HOUR_MS);
  assert.equal(exhaustedAtMs(30n, 0n, now, undefined), undefined);
  assert.equal(exhaustedAtMs(0n, 10n, now, undefined), undefined);
  // In 30 days and an hour.
  assert.equal(exhaustedAtMs(721n, 1n, now, undefined), undefined);
  assert.equal(exhaustedAtMs(720n, 1n, now, undefined), now + 720 * HOUR_MS);
  // Exact where floats are not.
  const usd = 10n ** 30n;
  assert.equal(exhaustedAtMs(usd + 1n, usd, now, undefined), now + HOUR_MS);
});
