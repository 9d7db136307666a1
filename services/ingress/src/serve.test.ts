import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode, WaybillError } from "@waybill/domain";
import { compileFilter, type FilterAction, type FilterPlace } from "@waybill/filters";
import { openAiChat } from "@waybill/surfaces";
import {
  type AnswerFindings,
  type DecideRequest,
  type DecideResponse,
  Decision,
  type Frame,
  FrameFailed,
  FrameFinished,
  type NextRequest,
  Refusal,
  type UsageRecord,
  VirtualKey,
  type Waybill,
} from "@waybill/wire";
import type { Attempt } from "./core/attempt.ts";
import type { CachedAnswer } from "./core/cached-answer.ts";
import type { FilterSet } from "./core/content-filters.ts";
import { Flights } from "./core/flights.ts";
import type { NamedPolicy } from "./core/route-policies.ts";
import type { AnswerHead, Client, GoneReason } from "./ports.ts";
import { type ServePorts, serve } from "./serve.ts";

const TOTAL_MS = 60_000;
const CLAIM_MS = 15_000;
const decision = (attempt: number, changes: Partial<Decision> = {}) =>
  Decision.create({
    attempt,
    target: { provider: "sim", model: `model-${attempt}`, upstreamModel: "m", simulated: true },
    holds: [{ budgetId: "b", windowId: 1n, grantId: "g", amountPicoUsd: 5n, hard: true }],
    timeouts: { connectMs: 1, firstTokenMs: 1, gapMs: 1, totalMs: TOTAL_MS },
    resumeToken: Buffer.from("more"),
    ...changes,
  });
const decided = (value: Decision): DecideResponse => ({ outcome: { $case: "decision", value } });
const refused = (code: ErrorCode): DecideResponse => ({
  outcome: { $case: "refusal", value: Refusal.create({ code }) },
});

class ToldClient implements Client {
  renamed = "";
  rename(requestId: string): void {
    this.renamed = requestId;
  }
  isGone = false;
  hasContent = false;
  error: WaybillError | undefined;
  head: AnswerHead | undefined;
  answered = false;
  #listeners: ((reason: GoneReason) => void)[] = [];
  onGone(listener: (reason: GoneReason) => void): void {
    this.#listeners.push(listener);
  }
  leave(): void {
    this.isGone = true;
    for (const listener of this.#listeners) listener("client_gone");
  }
  answer(head: AnswerHead): void {
    this.answered = true;
    this.head = head;
  }
  stream(): void {}
  stoppedEarly(): void {}
  endStream(): void {}
  fail(error: WaybillError, head?: AnswerHead): void {
    this.error = error;
    this.head = head;
  }
}

const NO_POLICY = { version: 0, cache: undefined, filters: [], senderFacts: [] };

interface World {
  first?: DecideResponse;
  next?: DecideResponse;
  /** How each published attempt fails; one that is not named here is answered. */
  failures?: Record<number, ErrorCode>;
  body?: object;
  /** Content filters, by the place they look at. */
  filters?: Partial<Record<FilterPlace, FilterSet>>;
  /** What each attempt answers with. */
  answer?: string;
  policy?: Omit<NamedPolicy, "meaning">;
  finishReason?: string;
  whilePausing?(client: ToldClient, attempt: Attempt): void;
}

/** Serves one request in a world where a worker takes every waybill at once. */
async function serveIn(world: World) {
  const { first = decided(decision(1)), next, failures = {}, body = {}, filters = {}, answer, whilePausing } = world;
  const { policy = NO_POLICY, finishReason = "stop" } = world;
  const client = new ToldClient();
  const steps: string[] = [];
  const seen = {
    waybills: [] as Waybill[],
    bodies: [] as string[],
    nexts: [] as NextRequest[],
    ended: [] as [string, bigint | undefined][],
    records: [] as UsageRecord[],
    findings: [] as AnswerFindings[],
    attempts: [] as Attempt[],
    request: undefined as DecideRequest | undefined,
    kept: [] as CachedAnswer[],
  };
  const carry = (attempt: Attempt, n: number): void => {
    attempt.claim("w", 0, () => false);
    const code = failures[n];
    const kind = code
      ? { $case: "failed" as const, value: FrameFailed.create({ code }) }
      : { $case: "finished" as const, value: FrameFinished.create({ finishReason }) };
    const take = (sequence: number, value: Frame["kind"]): void =>
      void attempt.take({ attemptId: attempt.attemptId, sequence, kind: value });
    if (answer !== undefined) take(0, { $case: "data", value: { bytes: Buffer.from(answer), countedOutputTokens: 0 } });
    take(answer === undefined ? 0 : 1, kind);
  };
  const ports: ServePorts = {
    authenticate: async () => VirtualKey.create({ keyId: "k" }),
    decisions: {
      async decide(request) {
        seen.request = request;
        return first;
      },
      async next(request) {
        seen.nexts.push(request);
        return next ?? assert.fail("nobody should ask");
      },
      ended(_decision, attemptId, tokens) {
        seen.ended.push([attemptId, tokens]);
      },
      extendHold: () => assert.fail("nobody should ask"),
    },
    selectFilters: (where) => filters[where],
    askWebhook: () => assert.fail(),
    countTokens: () => assert.fail("nobody should ask"),
    attempts: {
      open(attempt, bytes) {
        steps.push("open");
        seen.attempts.push(attempt);
        seen.bodies.push(bytes.toString());
      },
      cancel: () => {},
      giveUp: (attempt) => attempt.giveUp(),
    },
    async publishWaybill(waybill) {
      steps.push("publish");
      seen.waybills.push(waybill);
      carry(seen.attempts.at(-1) ?? assert.fail(), waybill.attempt);
    },
    recordUsage: (record) => void seen.records.push(record),
    recordFindings: (findings) => void seen.findings.push(findings),
    onceOnly: { enter: () => assert.fail() },
    cache: {
      ...{ flights: new Flights(), fingerprint: () => "", find: async () => undefined },
      keep: async (_asked, answer) => void seen.kept.push(answer),
    },
    policies: { of: (_organisationId, name) => ({ ...policy, meaning: name }) },
    async pause(ms, until) {
      steps.push(`pause ${ms}`);
      whilePausing?.(client, seen.attempts.at(-1) ?? assert.fail());
      if (client.isGone) await until;
    },
    clock: { monotonicMs: () => 0, unixMs: () => 1 },
  };
  const asked = { model: "dynamic/support", messages: [{ role: "user", content: "hi" }], ...body };
  const call = {
    surface: openAiChat,
    requestId: "r",
    ingressId: "i",
    headers: {},
    presentedKey: "wb_k_s",
    readBody: async () => Buffer.from(JSON.stringify(asked)),
    traceparent: "",
  };
  const served = await serve(call, client, ports, {
    ...{ claimTimeoutMs: CLAIM_MS, answerBytesMax: 1_000, keptAnswerBytesMax: 1_000 },
  });
  return { ...seen, client, served, steps };
}

describe("an attempt that begins later", () => {
  const later = (startAfterMs: number) => decided(decision(1, { startAfterMs }));

  it("is known before its pause, so that its hold is, and sent after it", async () => {
    const { steps, attempts, client } = await serveIn({ first: later(700) });
    assert.deepEqual(steps, ["open", "pause 700", "publish"]);
    assert.equal(attempts[0]?.claimByMs, 700 + CLAIM_MS);
    assert.equal(attempts[0]?.deadlineMs, TOTAL_MS);
    assert.ok(client.answered);
  });

  it("never waits longer than its total time, and not at all when not told to", async () => {
    assert.deepEqual((await serveIn({ first: later(TOTAL_MS * 9) })).steps, ["open", `pause ${TOTAL_MS}`, "publish"]);
    assert.deepEqual((await serveIn({})).steps, ["open", "publish"]);
  });

  it("is given up at once when its client leaves: nothing is sent, its hold is closed at nothing", async () => {
    const { served, steps, records } = await serveIn({ first: later(700), whilePausing: (client) => client.leave() });
    assert.equal(served.code, "client_gone");
    assert.deepEqual(steps, ["open", "pause 700"]);
    const [record] = records;
    assert.equal(records.length, 1);
    assert.equal(record?.recordId, "r.1:void");
    assert.equal(record?.costPicoUsd, 0n);
    assert.equal(record?.holds.length, 1);
  });

  it("is not sent when a drain gave it up meanwhile", async () => {
    const { client, steps, records } = await serveIn({
      first: decided(decision(1, { startAfterMs: 700, resumeToken: Buffer.alloc(0) })),
      whilePausing: (_, attempt) => void attempt.giveUp(),
    });
    assert.deepEqual(steps, ["open", "pause 700"]);
    assert.equal(client.error?.code, "no_workers");
    assert.equal(records[0]?.errorCode, "not_sent");
  });
});

describe("a failure before any content", () => {
  for (const code of [
    "upstream_rate_limited",
    "upstream_timeout",
    "context_length_exceeded",
    "content_filter",
  ] as const) {
    it(`${code}: the router is asked, and its fallback answers`, async () => {
      const { client, nexts } = await serveIn({ failures: { 1: code }, next: decided(decision(2)) });
      assert.deepEqual(
        nexts.map(({ failedAttempt, failureCode, resumeToken }) => [failedAttempt, failureCode, String(resumeToken)]),
        [[1, code, "more"]],
      );
      assert.ok(client.answered);
      assert.equal(client.head?.attempts, 2);
    });
  }

  it("the router that wants to hear it is told when each attempt is over, and no other", async () => {
    const first = { ...decision(1), tellEnd: true };
    const told = await serveIn({
      first: decided(first),
      failures: { 1: "upstream_error" },
      next: decided(decision(2)),
    });
    assert.equal(told.ended.length, 1);
    assert.match(told.ended[0]?.[0] ?? "", /1$/);
    assert.equal(told.ended[0]?.[1], 0n);
  });

  it("that no other model would change is final", async () => {
    for (const code of ["upstream_rejected", "internal_error"] as const) {
      const { client } = await serveIn({ failures: { 1: code } });
      assert.equal(client.error?.code, code);
    }
  });

  it("is what the client hears when the router says no, with the attempts it took and the way through the route", async () => {
    const first = decided(decision(1, { route: "support", routeVersion: 1, path: ["start", "plan:true", "a"] }));
    const { client, served } = await serveIn({ first, failures: { 1: "content_filter" }, next: refused("no_workers") });
    assert.equal(client.error?.code, "content_filter");
    assert.equal(served.code, "content_filter");
    assert.deepEqual(
      [client.head?.attempts, client.head?.route, client.head?.path],
      [1, "support@v1", "start>plan:true>a"],
    );
  });

  it("is not asked about when there is nothing to fall back to", async () => {
    const first = decided(decision(1, { resumeToken: Buffer.alloc(0) }));
    const { client } = await serveIn({ first, failures: { 1: "upstream_error" } });
    assert.equal(client.error?.code, "upstream_error");
  });
});

describe("what is asked and what is sent", () => {
  it("a refusal names no attempt: there was none", async () => {
    const { client } = await serveIn({ first: refused("route_without_model") });
    assert.equal(client.error?.code, "route_without_model");
    assert.equal(client.head, undefined);
  });

  it("routing_config goes to the router and never to a worker, whichever way the body takes", async () => {
    const body = { routing_config: { mode: "cost", session_affinity: { session_id: "s" } }, unknown: [1] };
    const { request, waybills, bodies } = await serveIn({ body });
    assert.equal(request?.features?.routing?.mode, "cost");
    assert.equal(request?.features?.routing?.sessionSource, "session_id_payload");
    const left = '{"model":"dynamic/support","messages":[{"role":"user","content":"hi"}],"unknown":[1]}';
    assert.equal(Buffer.from(waybills[0]?.body ?? []).toString(), left);
    assert.deepEqual(bodies, [left]);
  });

  it("a routing_config that cannot be read is refused before a router is asked", async () => {
    const { client, request } = await serveIn({ body: { routing_config: { mode: "fast" } } });
    assert.equal(client.error?.code, "invalid_value");
    assert.equal(client.error?.param, "routing_config.mode");
    assert.equal(request, undefined);
  });
});

function emailFilter(action: FilterAction): FilterSet {
  const { rules } = compileFilter({
    ...{ id: "pii", where: ["input", "output"], action, pii: ["email"], secrets: false, keywords: [], pattern: "" },
    ...{ always: true, onError: "closed", replacement: "" },
  });
  return { rules, unchecked: [], unready: [], webhooks: [], identity: [] };
}

describe("content filters", () => {
  const body = { messages: [{ role: "user", content: "I am jane@example.com" }] };
  const answer = '{"choices":[{"index":0,"message":{"content":"Hello jane@example.com"}}]}';

  it("what is redacted is what is sent, and the router is told how much it was", async () => {
    const { request, bodies, client, served, findings } = await serveIn({
      ...{ body, filters: { input: emailFilter("redact") } },
    });
    assert.deepEqual(request?.features?.filterFindings, [{ filter: "pii", kind: "email", action: "redact", count: 1 }]);
    assert.match(bodies[0] ?? "", /I am \[email\]/);
    assert.equal(client.head?.filters, "pii:redacted(1)");
    assert.equal(served.findings.length, 1);
    assert.deepEqual(findings, [], "what was found in the input stands in the decision");
  });

  it("what is found in an answer is recorded for the attempt that gave it, once", async () => {
    const { findings } = await serveIn({
      ...{ body, answer, filters: { output: emailFilter("redact") } },
      ...{ failures: { 1: "upstream_error" }, next: decided(decision(2)) },
    });
    assert.deepEqual(
      findings.map(({ requestId, attempt, findings: found }) => [requestId, attempt, found]),
      [["r", 2, [{ filter: "pii", kind: "email", action: "redact", count: 1 }]]],
    );
  });

  it("what is blocked goes to the router, too, which says so", async () => {
    const { request, bodies, client } = await serveIn({
      ...{ body, first: refused("content_filtered"), filters: { input: emailFilter("block") } },
    });
    assert.equal(request?.features?.filterFindings[0]?.action, "block");
    assert.deepEqual(bodies, []);
    assert.equal(client.error?.code, "content_filtered");
  });

  it("an answer that is blocked is an error, and no other model is asked", async () => {
    const { client, served, nexts } = await serveIn({ answer, filters: { output: emailFilter("block") } });
    assert.equal(client.answered, false);
    assert.equal(served.code, "content_filtered");
    assert.match(client.error?.publicMessage ?? "", /: pii \(email\)\.$/);
    assert.equal(client.head?.filters, "pii:blocked(1)");
    assert.deepEqual(nexts, []);
  });
});

describe("an answer that is kept for others", () => {
  const policy = { version: 3, cache: { ttlSeconds: 60, scope: "team" }, filters: [], senderFacts: [] };
  const decidedBy = (routeVersion: number) => decided(decision(1, { route: "support", routeVersion }));
  const keptOf = async (world: World): Promise<string[]> => (await serveIn(world)).kept.map(({ givenBy }) => givenBy);

  it("is one of the version of the route that was asked for, also while a deployment spreads", async () => {
    assert.deepEqual(await keptOf({ policy, first: decidedBy(3) }), ["sim/model-1"]);
    for (const other of [2, 4]) assert.deepEqual(await keptOf({ policy, first: decidedBy(other) }), []);
  });

  it("is as long as its model made it, or as its client wanted it", async () => {
    const cut = { policy, first: decidedBy(3), finishReason: "length" };
    assert.deepEqual(await keptOf(cut), []);
    assert.deepEqual(await keptOf({ ...cut, body: { max_tokens: 5 } }), ["sim/model-1"]);
  });
});
