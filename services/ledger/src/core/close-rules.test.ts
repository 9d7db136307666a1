import assert from "node:assert/strict";
import { test } from "node:test";
import { type MonthSums, mayClose, readMonth } from "./close-rules.ts";

const sums = (month: string, changes: Partial<MonthSums> = {}): MonthSums => ({
  ...{ month, isClosed: false, requests: 2n, attempts: 3n, unpricedAttempts: 0n, waitingAttempts: 0n, costPicoUsd: 5n },
  ...changes,
});
const NOW = "2026-11-01";

test("a month that is over may be closed, once", () => {
  assert.equal(mayClose("2026-10-01", NOW, [sums("2026-10-01")], false), undefined);
  assert.equal(mayClose("2026-10-01", NOW, [], false), undefined, "nothing is booked in it");
  const closed = mayClose("2026-10-01", NOW, [sums("2026-10-01", { isClosed: true })], false);
  assert.equal(closed?.code, "already_exists");
});

test("one that is not over, and one behind an open month, may not", () => {
  assert.match(mayClose("2026-11-01", NOW, [sums("2026-11-01")], false)?.sentence ?? "", /2026-11 is not over/);
  const months = [sums("2026-08-01", { isClosed: true }), sums("2026-09-01"), sums("2026-10-01")];
  assert.match(mayClose("2026-10-01", NOW, months, false)?.sentence ?? "", /Close 2026-09 first/);
});

test("a month before a closed one is closed with it", () => {
  const months = [sums("2026-08-01", { isClosed: true })];
  assert.equal(mayClose("2026-07-01", NOW, months, false)?.code, "already_exists");
});

test("attempts without a price have to be accepted", () => {
  const months = [sums("2026-10-01", { waitingAttempts: 2n })];
  assert.match(mayClose("2026-10-01", NOW, months, false)?.sentence ?? "", /2 attempts have no price/);
  assert.equal(mayClose("2026-10-01", NOW, months, true), undefined);
});

test("a month is written as year and month", () => {
  assert.equal(readMonth("2026-02"), "2026-02-01");
  for (const text of ["", "2026", "2026-13", "2026-2", "2026-02-01", "1999-01"]) {
    assert.throws(() => readMonth(text), { code: "invalid_value", param: "month" });
  }
});
