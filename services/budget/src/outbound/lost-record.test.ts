import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptId } from "@waybill/domain";
import { makeUuidV7 } from "@waybill/service";
import { AttemptOutcome, BudgetUnit, JournaledAttempt, readUsageRecord, TokenSource, UsageRecord } from "@waybill/wire";
import { lostAttemptRecord, lostGrantRecord } from "./lost-record.ts";

const hold = {
  holder: "router-1",
  lines: [{ budgetId: "b", windowId: 4n, grantId: "g", amountPicoUsd: 70n, unit: BudgetUnit.UNSPECIFIED, hard: true }],
  extensions: [],
};
const journaled = JournaledAttempt.create({
  attribution: { organisationId: "acme", teamId: "support" },
  target: { provider: "sim", model: "premium" },
  price: { version: "v1" },
  route: "support",
});

function assertReadable(record: UsageRecord): void {
  const reading = readUsageRecord(UsageRecord.encode(record).finish());
  assert.equal(reading.kind, "record", reading.kind === "poison" ? reading.reason : "");
}

test("what was never sent costs nothing and keeps its attribution", () => {
  const record = lostAttemptRecord(attemptId(makeUuidV7(), 2), "failed_free", hold, journaled, "acme", 5);
  assertReadable(record);
  assert.equal(record.outcome, AttemptOutcome.FAILED_FREE);
  assert.equal(record.costPicoUsd, 0n);
  assert.equal(record.attribution?.teamId, "support");
  assert.equal(record.attempt, 2);
});

test("what may have been sent costs the whole hold, and says so", () => {
  const record = lostAttemptRecord(attemptId(makeUuidV7(), 1), "unknown", hold, journaled, "acme", 5);
  assertReadable(record);
  assert.equal(record.outcome, AttemptOutcome.UNKNOWN);
  assert.equal(record.tokenSource, TokenSource.WORST_CASE);
  assert.equal(record.costPicoUsd, 70n);
});

test("what was held later counts with it, on the budget that holds most", () => {
  const [line] = hold.lines;
  assert.ok(line);
  const extensions = [
    { ...line, amountPicoUsd: 30n },
    { ...line, budgetId: "other", amountPicoUsd: 95n },
    { ...line, budgetId: "tokens", amountPicoUsd: 4_000n, unit: BudgetUnit.TOKENS },
  ];
  const record = lostAttemptRecord(
    attemptId(makeUuidV7(), 1),
    "unknown",
    { ...hold, extensions },
    journaled,
    "acme",
    5,
  );
  assert.equal(record.costPicoUsd, 100n);
  // They are released with the attempt; under this record's holder they would be held once more.
  assert.equal(record.holds.length, 1);
});

test("both consumers can read the record of an attempt nobody journaled, and of a grant", () => {
  assertReadable(lostAttemptRecord(attemptId(makeUuidV7(), 1), "unknown", hold, undefined, "acme", 5));
  const grantId = makeUuidV7();
  const grant = {
    grantId,
    holder: "router-1",
    budgetId: "b",
    windowId: 4n,
    restPicoUsd: 9n,
    ...{ unit: BudgetUnit.UNSPECIFIED, hard: true },
  };
  const record = lostGrantRecord(grant, "acme", 5);
  assertReadable(record);
  assert.equal(record.requestId, grantId);
  assert.equal(record.costPicoUsd, 9n);
  assert.deepEqual(
    record.holds.map(({ grantId: id }) => id),
    [grantId],
  );
});
