import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClaimVerdict, Decision, type Frame, FrameData, FrameFailed, FrameFinished, FrameStarted } from "@waybill/wire";
import fc from "fast-check";
import { Attempt, type AttemptEvent } from "./attempt.ts";

const make = (events: AttemptEvent[] = []) =>
  new Attempt({
    attemptId: "r.1",
    requestId: "r",
    attribution: undefined,
    decision: Decision.create({ attempt: 1 }),
    deadlineMs: 1_000,
    claimByMs: 500,
    listener: (event) => void events.push(event),
  });
const alive = () => false;
const gone = () => true;
const frame = (sequence: number, kind: Frame["kind"]): Frame => ({ attemptId: "r.1", sequence, kind });
const started = (sequence: number) =>
  frame(sequence, { $case: "started", value: FrameStarted.create({ status: 200, contentType: "text/event-stream" }) });
const data = (sequence: number, counted = 1) =>
  frame(sequence, {
    $case: "data",
    value: FrameData.create({ bytes: Buffer.from("abc"), countedOutputTokens: counted }),
  });
const finished = (sequence: number) => frame(sequence, { $case: "finished", value: FrameFinished.create({}) });
const failed = (sequence: number) => frame(sequence, { $case: "failed", value: FrameFailed.create({}) });

describe("an attempt", () => {
  it("tells go to one claimer only, with the time that is left", () => {
    const attempt = make();
    assert.deepEqual(attempt.claim("a", 400, alive), { verdict: ClaimVerdict.GO, msLeft: 600, evidence: undefined });
    assert.equal(attempt.claim("b", 401, alive).verdict, ClaimVerdict.RUNNING);
    assert.equal(attempt.claim("b", 402, gone).verdict, ClaimVerdict.LOST);
  });

  it("is over when it was given up or its time has passed", () => {
    const late = make();
    assert.equal(late.claim("a", 1_000, alive).verdict, ClaimVerdict.OVER);
    const attempt = make();
    assert.equal(attempt.giveUp(), true);
    assert.equal(attempt.claim("a", 1, alive).verdict, ClaimVerdict.OVER);
  });

  it("cannot be given up once a worker was told go", () => {
    const attempt = make();
    attempt.claim("a", 1, alive);
    assert.equal(attempt.giveUp(), false);
  });

  it("tells the next claimer what was seen when its worker is gone", () => {
    const events: AttemptEvent[] = [];
    const attempt = make(events);
    attempt.claim("a", 1, alive);
    attempt.take(started(0));
    attempt.take(data(1, 5));
    attempt.take(data(2, 6));
    const { verdict, evidence } = attempt.claim("b", 2, gone);
    assert.equal(verdict, ClaimVerdict.LOST);
    assert.equal(evidence?.accepted, true);
    assert.equal(evidence?.countedOutputTokens, 11n);
    assert.equal(events.at(-1)?.kind, "worker_lost");
  });

  it("keeps the provider's own usage as evidence after the end", () => {
    const attempt = make();
    attempt.claim("a", 1, alive);
    const usage = { input: 5n, cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 7n, reasoningOutput: 0n };
    attempt.take(frame(0, { $case: "finished", value: FrameFinished.create({ usage }) }));
    assert.deepEqual(attempt.claim("b", 2, gone).evidence?.providerUsage, usage);
  });

  it("ends with a gap when a frame is missing, and takes nothing after it", () => {
    const events: AttemptEvent[] = [];
    const attempt = make(events);
    attempt.claim("a", 1, alive);
    attempt.take(started(0));
    attempt.take(data(2));
    attempt.take(data(1));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["started", "gap"],
    );
  });

  it("takes no frame that nobody was told to send", () => {
    const events: AttemptEvent[] = [];
    make(events).take(started(0));
    assert.deepEqual(events, []);
  });

  it("whatever happens in whatever order: one go at most, one end at most, no data after the end, never a hole", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("claim" as const), worker: fc.constantFrom("a", "b", "c"), gone: fc.boolean() }),
      fc.record({ do: fc.constant("frame" as const), sequence: fc.nat(6), kind: fc.nat(3) }),
      fc.record({ do: fc.constant("giveUp" as const) }),
      fc.record({ do: fc.constant("lost" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const events: AttemptEvent[] = [];
        const attempt = make(events);
        let goes = 0;
        const sequences: number[] = [];
        for (const s of steps) {
          const before = events.length;
          if (s.do === "claim") goes += attempt.claim(s.worker, 1, () => s.gone).verdict === ClaimVerdict.GO ? 1 : 0;
          else if (s.do === "giveUp") attempt.giveUp();
          else if (s.do === "lost") attempt.end({ kind: "worker_lost" });
          else attempt.take([started, data, finished, failed][s.kind]?.(s.sequence) ?? data(s.sequence));
          const event = events[before];
          if (s.do === "frame" && event && event.kind !== "gap") sequences.push(s.sequence);
        }
        assert.ok(goes <= 1);
        const ends = events.filter(({ kind }) => kind !== "started" && kind !== "data");
        assert.ok(ends.length <= 1);
        if (ends[0]) assert.equal(events.at(-1), ends[0]);
        assert.deepEqual(
          sequences,
          sequences.map((_, index) => index),
        );
      }),
      { numRuns: 500 },
    );
  });
});
