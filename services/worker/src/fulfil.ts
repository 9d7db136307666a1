// THE STORY: claim a waybill with the ingress that wrote it, call the provider, send the answer back as it comes, put the
// attempt on the books, and only then let go of the message. No go, no call; one record for each attempt, whatever happens.
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { traceIdOf } from "@waybill/service";
import { AttemptOutcome, HEADERS, TokenSource, Waybill } from "@waybill/wire";
import { costNote } from "./core/cost-note.ts";
import type { Ending } from "./core/ending.ts";
import { leaveOut } from "./core/leave-out.ts";
import type { OpenAttempt, OpenAttempts } from "./core/open-attempts.ts";
import { ProviderCall } from "./core/provider-call.ts";
import { nothingSpent, type Settlement, settleEnding, settleLost } from "./core/settle.ts";
import type { Aftermath } from "./core/target-accounts.ts";
import { makeUsageRecord, type RecordFacts } from "./core/usage-record.ts";
import type { Claim, Ports, Reply, Upstream, WorkMessage } from "./ports.ts";
import type { Exchange, ProviderRequest } from "./providers/provider.ts";
import { usedUpMs } from "./wires/rate-room.ts";

/** A `go` that was asked for longer ago may have been given up by the ingress, so it is not used. */
const GO_FRESH_MS = 1_000;

/** What a span is named by, as OpenTelemetry's conventions for generative models have it; any other surface is a chat. */
const OPERATIONS: Readonly<Record<string, string>> = {
  "openai-completions": "text_completion",
  "openai-embeddings": "embeddings",
};

/** Everything one waybill needs on its way. */
interface Fulfilment {
  ports: Ports;
  waybill: Waybill;
  attempt: OpenAttempt;
  traceparent: string;
  deliveredAtMs: number;
}

/** Takes one delivered message to its end. Never throws. */
export async function fulfil(message: WorkMessage, open: OpenAttempts, ports: Ports): Promise<void> {
  const waybill = decode(message);
  if (!waybill) {
    if (await ports.park(message, "not a waybill")) message.terminate();
    return;
  }
  // Ours already: the running call keeps its message, a booked one only lost its ack.
  const state = open.stateOf(waybill.attemptId);
  if (state === "recorded") message.ack();
  if (state !== "new") return;

  const deliveredAtMs = ports.clock.monotonicMs();
  const attempt = open.open(waybill.attemptId, waybill.ingressId, message, deliveredAtMs);
  const fulfilment = { ports, waybill, attempt, traceparent: message.header(HEADERS.traceparent), deliveredAtMs };
  let isRecorded = false;
  try {
    isRecorded = await claimAndCarry(fulfilment, open);
  } catch (error) {
    ports.log.error({ err: error, ...logged(fulfilment) }, "a waybill was left to be delivered again");
  }
  open.close(attempt, isRecorded);
}

/** By what a log line is found, from a request, an attempt or a trace. */
function logged({ waybill, traceparent }: Fulfilment): { request_id: string; attempt_id: string; trace_id: string } {
  return { request_id: waybill.requestId, attempt_id: waybill.attemptId, trace_id: traceIdOf(traceparent) };
}

function decode(message: WorkMessage): Waybill | undefined {
  try {
    const waybill = Waybill.decode(message.data);
    const isWhole = waybill.attemptId !== "" && waybill.ingressId !== "" && waybill.requestId !== "" && waybill.target;
    return isWhole ? waybill : undefined;
  } catch {
    return undefined;
  }
}

/** True when the attempt is on the books by this worker's hand. */
async function claimAndCarry(fulfilment: Fulfilment, open: OpenAttempts): Promise<boolean> {
  const { ports, waybill, attempt } = fulfilment;
  const isInline = waybill.bodyBytes === waybill.body.length;
  const giveRoom = isInline ? undefined : await ports.reserveBody(waybill.bodyBytes);
  let settled: Settled;
  try {
    const askedAtMs = ports.clock.monotonicMs();
    const claim = await ports.claim(waybill, attempt.message.deliveryCount);
    ports.measure.claimed(claim.kind);
    if (claim.kind === "running") return false;
    if (claim.kind === "over") {
      attempt.message.ack();
      return false;
    }
    settled = claim.kind === "go" ? await call(fulfilment, claim, askedAtMs) : withoutCall(fulfilment, claim);
  } finally {
    giveRoom?.();
  }
  await book(fulfilment, open, settled);
  return true;
}

/** A settlement with what the record says beside it. */
interface Settled {
  settlement: Settlement;
  facts: Omit<RecordFacts, "workerId" | "recordedAtMs">;
}

/**
 * Its holder is gone, or nobody answers for it. A first delivery that nobody answers for was not called until now; that is
 * booked as `void`, because a worker cut off from its ingress cannot know who carries the waybill after it.
 */
function withoutCall(fulfilment: Fulfilment, claim: Claim & { kind: "lost" | "nobody" }): Settled {
  const { waybill, attempt } = fulfilment;
  if (claim.kind === "nobody" && attempt.message.deliveryCount <= 1) return notSent(fulfilment, "not_sent", "void");
  const settlement = settleLost(waybill, claim.kind === "lost" ? claim.evidence : undefined);
  return { settlement, facts: factsOf(fulfilment, "worker_lost", "lost") };
}

function notSent(fulfilment: Fulfilment, code: ErrorCode, source: RecordFacts["source"] = "worker"): Settled {
  return refused(fulfilment, new WaybillError(code), source);
}

/** Without a call: it cost nothing. */
function refused(fulfilment: Fulfilment, error: WaybillError, source: RecordFacts["source"] = "worker"): Settled {
  const { ports, waybill } = fulfilment;
  const { code, publicMessage: message, param = "", retryAfterMs = 0 } = error;
  const settlement = nothingSpent();
  ports.replyTo(waybill).failed({ code, message, param, providerStatus: 0, retryAfterMs }, settlement);
  return { settlement, facts: factsOf(fulfilment, code, source) };
}

/** Of an attempt without a call; its duration is how long this worker had it. */
function factsOf(
  { ports, deliveredAtMs }: Fulfilment,
  errorCode: ErrorCode,
  source: RecordFacts["source"],
): Settled["facts"] {
  const durationMs = ports.clock.monotonicMs() - deliveredAtMs;
  return { source, firstTokenMs: 0, durationMs, finishReason: "", errorCode, providerStatus: 0, account: "" };
}

async function call(fulfilment: Fulfilment, go: Claim & { kind: "go" }, askedAtMs: number): Promise<Settled> {
  const { ports, waybill, attempt } = fulfilment;
  let { body }: { body: Uint8Array } = waybill;
  // Each answered piece of the body says as much as a fresh `go`.
  let confirmedAtMs = askedAtMs;
  if (waybill.bodyBytes !== body.length) {
    try {
      body = await ports.fetchBody(waybill, (pieceAskedAtMs) => {
        confirmedAtMs = pieceAskedAtMs;
      });
    } catch (error) {
      ports.log.warn({ err: error, ...logged(fulfilment) }, "a body did not come");
      return notSent(fulfilment, attempt.cancelledBy ?? "not_sent");
    }
  }
  if (attempt.cancelledBy) return notSent(fulfilment, attempt.cancelledBy);
  const isStale = ports.clock.monotonicMs() - confirmedAtMs > GO_FRESH_MS;
  if (isStale) return notSent(fulfilment, "not_sent");
  const picked = ports.pickUpstream(waybill);
  if (!picked) return notSent(fulfilment, "no_workers");
  if (picked.kind === "cooling") {
    return refused(fulfilment, new WaybillError("upstream_rate_limited", { retryAfterMs: picked.retryAfterMs }));
  }
  const { account: upstream } = picked;
  const written = write(waybill, upstream, body, ports.refusedParameters(waybill));
  if (written instanceof WaybillError) return refused(fulfilment, written);
  ports.failpoint("before_call");
  return carry(fulfilment, upstream, written, askedAtMs + go.msLeft);
}

/** Written for the provider, and the way back. */
interface Written {
  exchange: Exchange;
  request: ProviderRequest;
}

/** An error, where this provider cannot be asked that; another one perhaps can. */
function write(
  waybill: Waybill,
  { dialect, settings }: Upstream,
  body: Uint8Array,
  refusedParameters: readonly string[],
): Written | WaybillError {
  const exchange = dialect.exchange(waybill.surface, settings);
  if (!exchange) return new WaybillError("surface_unsupported");
  try {
    const left = leaveOut(waybill, body, refusedParameters);
    const request = exchange.request(left.waybill, left.body);
    const droppedFields = [...new Set([...left.dropped, ...request.droppedFields])];
    return { exchange, request: { ...request, droppedFields } };
  } catch (thrown) {
    const { code, publicMessage, param } = WaybillError.from(thrown);
    if (code !== "invalid_value") throw thrown;
    return new WaybillError("not_translatable", { publicMessage, ...(param !== undefined && { param }) });
  }
}

function carry(
  fulfilment: Fulfilment,
  upstream: Upstream,
  { exchange, request }: Written,
  totalDueAtMs: number,
): Promise<Settled> {
  const { ports, waybill, attempt, traceparent } = fulfilment;
  const reply = ports.replyTo(waybill);
  const span = ports.startSpan(`${OPERATIONS[waybill.surface] ?? "chat"} ${waybill.target?.model ?? ""}`, traceparent);
  const calledAtMs = ports.clock.monotonicMs();
  return new Promise((resolve) => {
    const providerCall = new ProviderCall({
      waybill,
      upstream,
      exchange,
      droppedFields: request.droppedFields,
      reply,
      clock: ports.clock,
      bytesPerSecondMin: ports.bytesPerSecondMin,
      // Not from the delivery: waiting for room, the claim and the body are no time of the provider's.
      calledAtMs,
      totalDueAtMs,
      onFirstData: () => ports.failpoint("mid_call"),
      // In the same turn, so that the last frame leaves together with the last bytes.
      onEnding: (ending) => {
        attempt.settle();
        const settlement = settleEnding(waybill, ending, exchange.abortedCall);
        const called = { ...ending, account: upstream.id, calledAtMs };
        const aftermath = noteCall(fulfilment, settlement, called);
        sayHowItEnded(waybill, reply, providerCall, called, settlement, aftermath);
        span.end({
          ...{ "waybill.attempt_id": waybill.attemptId, "waybill.account": upstream.id },
          "waybill.outcome": ending.failure?.code ?? "success",
        });
        resolve({ settlement, facts: factsOfCall(called) });
      },
    });
    attempt.carry(providerCall);
    const { requestId, attemptId } = waybill;
    const ids = { requestId, attemptId, traceparent: span.traceparent };
    providerCall.start((events) => ports.callProvider(upstream, request, ids, events));
  });
}

/** How a call ended, and which account was called, since when. */
type CalledEnding = Ending & { account: string; calledAtMs: number };

function sayHowItEnded(
  waybill: Waybill,
  reply: Reply,
  providerCall: ProviderCall,
  { failure, finishReason, firstTokenMs, durationMs, account }: CalledEnding,
  settlement: Settlement,
  { otherAccount, retryAfterMs }: Aftermath,
): void {
  if (failure) {
    reply.failed({ ...failure, retryAfterMs }, settlement, { account, otherAccount });
    return;
  }
  const tail = providerCall.tail(waybill.clientWantsUsage ? noteFor(waybill, settlement) : undefined);
  if (tail) reply.data([tail], 0);
  reply.finished(settlement, { finishReason, firstTokenMs, durationMs });
}

function factsOfCall({ failure, firstTokenMs, durationMs, finishReason, account }: CalledEnding): Settled["facts"] {
  return {
    source: "worker",
    firstTokenMs,
    durationMs,
    finishReason,
    errorCode: failure?.code ?? "",
    providerStatus: failure?.providerStatus ?? 200,
    account,
  };
}

function noteFor({ target, attempt }: Waybill, { costPicoUsd, costKnown }: Settlement): string {
  const model = `${target?.provider}/${target?.model}`;
  return costNote({ costPicoUsd, costKnown, attempts: attempt, model, simulated: target?.simulated ?? false });
}

/** What the call means for its account and its model; measured, and logged where it is not free. */
function noteCall(fulfilment: Fulfilment, settlement: Settlement, ending: CalledEnding): Aftermath {
  const { ports, waybill } = fulfilment;
  const { provider = "", model = "" } = waybill.target ?? {};
  const { failure, account, calledAtMs: startedMs } = ending;
  const { sessionKey, failedAccounts } = waybill;
  const called = { provider, model, account };
  if (ending.firstTokenMs > 0) ports.measure.firstToken(ending.firstTokenMs, called);
  ports.measure.ended(failure?.code ?? "success", called);
  const { code = "", retryAfterMs = 0 } = failure ?? {};
  const isFree = settlement.outcome === AttemptOutcome.FAILED_FREE;
  // A plain answer comes when all of it is there; that is no time to a first token.
  const firstTokenMs = waybill.stream ? ending.firstTokenMs : 0;
  const aftermath = ports.callEnded({
    ...{
      ...called,
      code,
      retryAfterMs,
      usedUpMs: ending.header ? usedUpMs(ending.header, ports.clock.unixMs()) : 0,
      firstTokenMs,
      startedMs,
      isFree,
      sessionKey,
      failedAccounts,
    },
    ...(!failure && wholeAnswer(waybill, settlement)),
  });
  if (!failure || isFree) return aftermath;
  // Nobody has to look at a client that left; the books and the metric tell it.
  const level = failure.code === "client_gone" ? "debug" : "warn";
  ports.log[level](
    {
      ...{ ...logged(fulfilment), ...called, code: failure.code },
      provider_status: failure.providerStatus,
      reach: ending.reach,
    },
    "a provider call ended without a complete answer",
  );
  return aftermath;
}

/** Tokens of one choice, as the provider told them. */
function wholeAnswer({ route, choiceCount }: Waybill, { usage, tokenSource }: Settlement) {
  if (!usage || tokenSource !== TokenSource.PROVIDER) return undefined;
  const choices = BigInt(Math.max(1, choiceCount));
  return { wholeAnswer: { route, outputTokens: (usage.output + choices - 1n) / choices } };
}

/** On the books first, then off the queue. */
async function book(fulfilment: Fulfilment, open: OpenAttempts, { settlement, facts }: Settled): Promise<void> {
  const { ports, waybill, attempt, traceparent } = fulfilment;
  await ports.failpoint("after_usage_before_publish");
  const record = makeUsageRecord(waybill, settlement, {
    ...facts,
    workerId: ports.workerId,
    recordedAtMs: ports.clock.unixMs(),
  });
  const booking = ports.book(record, traceparent);
  await booking.secured;
  open.secure(attempt);
  await booking.stored;
  ports.failpoint("after_publish_before_ack");
  attempt.message.ack();
  ports.noteRecorded(waybill.ingressId, waybill.attemptId);
}
