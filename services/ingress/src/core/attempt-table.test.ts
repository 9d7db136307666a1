import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClaimVerdict, Decision, FrameFinished } from "@waybill/wire";
import { Attempt, type AttemptEvent } from "./attempt.ts";
import { AttemptTable } from "./attempt-table.ts";

const LIMITS = { workerSilentMs: 5_000, lastFrameMs: 1_000, overdueMs: 5_000, keepEndedMs: 60_000 };
const claimOf = (workerId: string, deliveryCount = 1) => ({ attemptId: "r.1", workerId, deliveryCount });

function open(table: AttemptTable, events: AttemptEvent[] = []): Attempt {
  const attempt = new Attempt({
    attemptId: "r.1",
    requestId: "r",
    attribution: undefined,
    decision: Decision.create({ attempt: 1 }),
    deadlineMs: 600_000,
    claimByMs: 1_000,
    listener: (event) => void events.push(event),
  });
  table.open(attempt);
  return attempt;
}
const finish = (table: AttemptTable) =>
  table.take({ attemptId: "r.1", sequence: 0, kind: { $case: "finished", value: FrameFinished.create({}) } });

describe("the attempt table", () => {
  it("says over for an attempt it does not know", () => {
    assert.equal(new AttemptTable(LIMITS).claim(claimOf("a"), 0).verdict, ClaimVerdict.OVER);
  });

  it("believes a worker dead only after its silence", () => {
    const table = new AttemptTable(LIMITS);
    open(table);
    assert.equal(table.claim(claimOf("a"), 0).verdict, ClaimVerdict.GO);
    assert.equal(table.claim(claimOf("b", 2), 5_000).verdict, ClaimVerdict.RUNNING);
    table.heard("a", 5_000);
    assert.equal(table.claim(claimOf("b", 3), 9_000).verdict, ClaimVerdict.RUNNING);
    assert.equal(table.claim(claimOf("b", 4), 10_001).verdict, ClaimVerdict.LOST);
  });

  it("does not take its own disconnection for the silence of workers", () => {
    const table = new AttemptTable(LIMITS);
    const attempt = open(table);
    table.claim(claimOf("a"), 0);
    table.forgiveSilence(60_000);
    table.sweep(61_000);
    assert.equal(attempt.state, "carried");
  });

  it("gives up what nobody claims in time and ends what a dead worker carries", () => {
    const table = new AttemptTable(LIMITS);
    const events: AttemptEvent[] = [];
    open(table, events);
    table.sweep(1_000);
    assert.deepEqual(events, []);
    table.sweep(1_001);
    assert.deepEqual(events, [{ kind: "unclaimed" }]);
    assert.equal(table.claim(claimOf("a"), 1_002).verdict, ClaimVerdict.OVER);

    const other = new AttemptTable(LIMITS);
    const ends: AttemptEvent[] = [];
    open(other, ends);
    other.claim(claimOf("a"), 0);
    other.sweep(5_001);
    assert.deepEqual(ends, [{ kind: "worker_lost" }]);
  });

  it("keeps an ended attempt until its record is stored", () => {
    const table = new AttemptTable(LIMITS);
    open(table);
    table.claim(claimOf("a"), 0);
    finish(table);
    table.sweep(10);
    assert.equal(table.claim(claimOf("b", 2), 9_000).verdict, ClaimVerdict.LOST);
    table.recorded({ attemptIds: ["r.1"] }, 9_000);
    assert.equal(table.size, 0);
    assert.equal(table.claim(claimOf("b", 3), 9_001).verdict, ClaimVerdict.OVER);
  });

  it("forgets an attempt whose notice overtook its last frame", () => {
    const table = new AttemptTable(LIMITS);
    open(table);
    table.claim(claimOf("a"), 0);
    table.recorded({ attemptIds: ["r.1"] }, 0);
    assert.equal(table.size, 1, "its frames are still wanted");
    finish(table);
    table.sweep(1);
    assert.equal(table.size, 0);
  });

  it("does not wait for a worker that is alive but long past the attempt's total time", () => {
    const table = new AttemptTable(LIMITS);
    const events: AttemptEvent[] = [];
    const attempt = open(table, events);
    table.claim(claimOf("a"), 0);
    table.heard("a", 605_000);
    assert.deepEqual(table.sweep(605_000), []);
    assert.deepEqual(table.sweep(605_001), [attempt]);
    assert.equal(events.at(-1)?.kind, "aborted");
  });

  it("ends an attempt that is on the books but whose last frame was lost with a connection", () => {
    const table = new AttemptTable(LIMITS);
    const events: AttemptEvent[] = [];
    open(table, events);
    table.claim(claimOf("a"), 0);
    table.recorded({ attemptIds: ["r.1"] }, 100);
    // Said again: the first time counts.
    table.recorded({ attemptIds: ["r.1"] }, 1_000);
    table.sweep(1_100);
    assert.deepEqual(events, []);
    table.sweep(1_101);
    assert.deepEqual(events, [{ kind: "gap" }]);
    table.sweep(1_102);
    assert.equal(table.size, 0);
  });

  it("forgets an ended attempt at last even if no notice ever comes", () => {
    const table = new AttemptTable(LIMITS);
    open(table);
    table.claim(claimOf("a"), 0);
    finish(table);
    table.sweep(10);
    table.sweep(60_011);
    assert.equal(table.size, 0);
  });
});
