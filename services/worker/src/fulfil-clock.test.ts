// The story with everything around it played by the test, its clock too: what counts from when, and under which name it is booked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AttemptOutcome, RecordSource, type UsageRecord, Waybill } from "@waybill/wire";
import type { Failure } from "./core/ending.ts";
import { OpenAttempts } from "./core/open-attempts.ts";
import type { AccountEnd, Aftermath } from "./core/target-accounts.ts";
import type { CallEnd } from "./core/target-health.ts";
import { fulfil } from "./fulfil.ts";
import type { CallIds, Claim, UpstreamEvents } from "./ports.ts";
import { openAiCompatible } from "./providers/openai-compatible/index.ts";

const TRACE_ID = "a".repeat(32);
const PARENT = `00-${TRACE_ID}-${"b".repeat(16)}-01`;
const OWN_SPAN = `00-${TRACE_ID}-${"c".repeat(16)}-01`;
const GO: Claim = { kind: "go", msLeft: 60_000 };
const CONNECT_MS = 2_000;

const waybill = Waybill.fromPartial({
  requestId: "r",
  attemptId: "r.1",
  attempt: 1,
  ingressId: "i",
  target: { provider: "p", model: "m", upstreamModel: "u" },
  timeouts: { connectMs: CONNECT_MS, firstTokenMs: 5_000, gapMs: 5_000, totalMs: 60_000 },
  body: Buffer.from('{"model":"m"}'),
  bodyBytes: 13,
  surface: "openai-chat",
  spans: [{ name: "model", pairStart: 1, valueStart: 9, valueEnd: 12 }],
  insertAt: 1,
});
/** Its body is not inside and has to be asked for. */
const largeWaybill: Waybill = { ...waybill, body: Buffer.alloc(0) };

interface Play {
  waybill?: Waybill;
  deliveryCount?: number;
  claim?: Claim;
  /** What each step takes. */
  roomMs?: number;
  claimMs?: number;
  bodyMs?: number;
  pick?: { kind: "cooling"; retryAfterMs: number };
  aftermath?: Aftermath;
  /** The provider's side, once the call begins. `pass` lets time go by and sweeps. */
  provider?: (events: UpstreamEvents, pass: (ms: number) => void) => void;
}

interface Played {
  books: UsageRecord[];
  calls: CallIds[];
  finished: { firstTokenMs: number; durationMs: number }[];
  warnings: Record<string, unknown>[];
  failed: [failure: Failure, settlement: unknown, account?: { account: string; otherAccount: boolean }][];
  ends: (AccountEnd & CallEnd)[];
}

async function play(script: Play): Promise<Played> {
  const played: Played = { books: [], calls: [], finished: [], warnings: [], failed: [], ends: [] };
  const given = script.waybill ?? waybill;
  const open = new OpenAttempts(1_000, () => {});
  let nowMs = 1_000;
  const pass = (ms: number): void => {
    nowMs += ms;
    open.sweep(nowMs);
  };
  const ports = {
    workerId: "w",
    clock: { monotonicMs: () => nowMs, unixMs: () => 0 },
    log: { warn: (fields: Record<string, unknown>) => void played.warnings.push(fields), error: assert.fail },
    reserveBody: async () => {
      pass(script.roomMs ?? 0);
      return () => {};
    },
    claim: async () => {
      pass(script.claimMs ?? 0);
      return script.claim ?? GO;
    },
    fetchBody: async (_waybill: Waybill, onAnswer: (askedAtMs: number) => void) => {
      pass(script.bodyMs ?? 0);
      onAnswer(nowMs);
      return waybill.body;
    },
    refusedParameters: () => [],
    pickUpstream: () =>
      script.pick ?? {
        kind: "picked",
        account: { id: "east", dialect: openAiCompatible, mask: (text: string) => text },
      },
    replyTo: () => ({
      started: () => {},
      data: () => {},
      failed: (...said: Played["failed"][number]) => void played.failed.push(said),
      finished: (_settlement: unknown, facts: Played["finished"][number]) => void played.finished.push(facts),
    }),
    startSpan: (_name: string, parent: string) => {
      assert.equal(parent, PARENT);
      return { traceId: TRACE_ID, traceparent: OWN_SPAN, end: () => {} };
    },
    callProvider: (_upstream: unknown, _request: unknown, ids: CallIds, events: UpstreamEvents) => {
      played.calls.push(ids);
      setImmediate(() => script.provider?.(events, pass));
      return { abort: () => {}, release: () => {} };
    },
    failpoint: () => {},
    bytesPerSecondMin: 0,
    measure: { claimed: () => {}, firstToken: () => {}, ended: () => {} },
    callEnded: (end: AccountEnd & CallEnd) => {
      played.ends.push(end);
      return script.aftermath ?? { otherAccount: false, retryAfterMs: end.retryAfterMs, cooled: undefined };
    },
    book: (record: UsageRecord) => {
      played.books.push(record);
      return { secured: Promise.resolve(), stored: Promise.resolve() };
    },
    noteRecorded: () => {},
  };
  const message = {
    data: Waybill.encode(given).finish(),
    deliveryCount: script.deliveryCount ?? 1,
    streamSequence: 1,
    header: () => PARENT,
    ack: () => {},
    working: () => {},
  };
  await fulfil(
    message as unknown as Parameters<typeof fulfil>[0],
    open,
    ports as unknown as Parameters<typeof fulfil>[2],
  );
  return played;
}

const answer = Buffer.from(JSON.stringify({ choices: [{ message: { content: "hi" }, finish_reason: "stop" }] }));

function answerAfter(connectMs: number, restMs: number): NonNullable<Play["provider"]> {
  return (events, pass) => {
    pass(connectMs);
    events.onSent();
    events.onHeaders(200, () => "");
    pass(restMs);
    events.onData(answer);
    events.onEnd();
  };
}

test("a go that was asked for more than a second ago is not used", async () => {
  const { books, calls } = await play({ claimMs: 1_001 });
  assert.equal(calls.length, 0);
  assert.deepEqual(
    books.map(({ source, outcome, errorCode }) => [source, outcome, errorCode]),
    [[RecordSource.WORKER, AttemptOutcome.FAILED_FREE, "not_sent"]],
  );
});

test("waiting for room, the claim and the body take nothing from the connect timeout and are no time of the provider's", async () => {
  const waits = { waybill: largeWaybill, roomMs: 10_000, claimMs: 300, bodyMs: 900 };
  const { books, finished } = await play({ ...waits, provider: answerAfter(CONNECT_MS - 1, 40) });
  assert.deepEqual(
    finished.map(({ firstTokenMs, durationMs }) => [firstTokenMs, durationMs]),
    [[CONNECT_MS + 39, CONNECT_MS + 39]],
  );
  assert.deepEqual(
    books.map(({ outcome, firstTokenMs, durationMs }) => [outcome, firstTokenMs, durationMs]),
    [[AttemptOutcome.SUCCESS, CONNECT_MS + 39, CONNECT_MS + 39]],
  );
});

test("the connect timeout ends a call that long after it began", async () => {
  const waits = { waybill: largeWaybill, roomMs: 10_000 };
  const { books } = await play({ ...waits, provider: (_events, pass) => pass(CONNECT_MS) });
  assert.deepEqual(
    books.map(({ errorCode, durationMs }) => [errorCode, durationMs]),
    [["upstream_unreachable", CONNECT_MS]],
  );
});

test("the total counts from the claim: a slow body leaves the call less of it", async () => {
  const waits = { waybill: largeWaybill, roomMs: 10_000, claimMs: 300, bodyMs: 900 };
  const slow: Play["provider"] = (events, pass) => {
    events.onSent();
    pass(4_000 - 300 - 900);
  };
  const { books } = await play({ ...waits, claim: { kind: "go", msLeft: 4_000 }, provider: slow });
  assert.deepEqual(
    books.map(({ errorCode }) => errorCode),
    ["upstream_timeout"],
  );
});

test("only a claim that nobody answered on a first delivery is void; later it is lost, and after a go the worker's own", async () => {
  const nobody: Claim = { kind: "nobody" };
  const first = await play({ claim: nobody });
  const later = await play({ claim: nobody, deliveryCount: 2 });
  const stale = await play({ claimMs: 1_001 });
  const late = await play({ claim: GO, deliveryCount: 2, provider: answerAfter(1, 1) });
  assert.deepEqual(
    [first, later, stale, late].flatMap(({ books }) => books.map(({ recordId }) => recordId)),
    ["r.1:void", "r.1:lost", "r.1:worker", "r.1:worker"],
  );
  assert.deepEqual([first.calls.length, later.calls.length], [0, 0]);
});

test("the trace goes on from the call's own span, and a broken call is logged under request, attempt and trace", async () => {
  const broken: Play["provider"] = (events) => {
    events.onSent();
    events.onError("ECONNRESET");
  };
  const { calls, warnings } = await play({ provider: broken });
  assert.deepEqual(calls, [{ requestId: "r", attemptId: "r.1", traceparent: OWN_SPAN }]);
  assert.deepEqual(
    warnings.map(({ request_id, attempt_id, trace_id, code }) => [request_id, attempt_id, trace_id, code]),
    [["r", "r.1", TRACE_ID, "upstream_error"]],
  );
});

test("a call is booked under its account, and its end is told with what an account needs to know", async () => {
  const given = { ...waybill, sessionKey: "o/s", failedAccounts: ["west"] };
  const { books, ends } = await play({ waybill: given, claimMs: 300, provider: answerAfter(1, 1) });
  assert.deepEqual(
    books.map(({ account }) => account),
    ["east"],
  );
  const [end] = ends;
  assert.deepEqual([end?.account, end?.code, end?.sessionKey, end?.failedAccounts], ["east", "", "o/s", ["west"]]);
  assert.equal(end?.startedMs, 1_300, "the call began when the claim was answered");
});

test("a refusal says which account it was, that another one is free, and the pause of the model, not of the account", async () => {
  const aftermath: Aftermath = { otherAccount: true, retryAfterMs: 0, cooled: undefined };
  const limited: Play["provider"] = (events) => {
    events.onSent();
    events.onHeaders(429, (name) => (name === "retry-after" ? "7" : ""));
    events.onEnd();
  };
  const { failed, ends, books } = await play({ provider: limited, aftermath });
  assert.deepEqual([ends[0]?.code, ends[0]?.retryAfterMs, ends[0]?.isFree], ["upstream_rate_limited", 7_000, true]);
  const [failure, , account] = failed[0] ?? assert.fail();
  assert.deepEqual([failure.code, failure.retryAfterMs], ["upstream_rate_limited", 0]);
  assert.deepEqual(account, { account: "east", otherAccount: true });
  assert.equal(books[0]?.account, "east");
});

test("with every account cooling nobody is called, it costs nothing, and the client is told when to come again", async () => {
  const { calls, failed, books } = await play({ pick: { kind: "cooling", retryAfterMs: 4_000 } });
  assert.equal(calls.length, 0);
  const [failure, , account] = failed[0] ?? assert.fail();
  assert.deepEqual([failure.code, failure.retryAfterMs, account], ["upstream_rate_limited", 4_000, undefined]);
  assert.deepEqual(
    books.map(({ outcome, errorCode, account }) => [outcome, errorCode, account]),
    [[AttemptOutcome.FAILED_FREE, "upstream_rate_limited", ""]],
  );
});
