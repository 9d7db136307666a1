// Request + decision -> waybill, and the record of an attempt that was never sent.
import { attemptId, type ErrorCode, NO_TOKENS, recordId, WaybillError } from "@waybill/domain";
import type { AskedRequest } from "@waybill/surfaces";
import {
  AttemptOutcome,
  type DecideRequest,
  type Decision,
  RecordSource,
  type Target,
  TokenSource,
  type UsageRecord,
  type Waybill,
} from "@waybill/wire";
import type { KeptAnswer } from "./kept-answer.ts";

/** Bodies up to here travel inside the waybill; larger ones are asked for by the claiming worker. */
export const INLINE_BODY_BYTES_MAX = 64 * 1024;

/** Fields that a provider may need to patch, on any surface; the worker need not find them again. */
const PATCHED_FIELDS = [
  ...["model", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens", "max_output_tokens"],
  ...["encoding_format", "input"],
];

const SESSION_KEY_CHARACTERS_MAX = 256;

/** The target of a decision or waybill. One without is a programming error of the router. */
export function targetOf({ target }: { target: Target | undefined }): Target {
  if (!target) throw new WaybillError("internal_error", { detail: "a decision without a target" });
  return target;
}

/** The paper that travels with attempt `decision.attempt` of a request. */
export function makeWaybill(
  request: DecideRequest,
  asked: AskedRequest,
  decision: Decision,
  forwardedHeaders: Readonly<Record<string, string>> = {},
  failedAccounts: readonly string[] = [],
): Waybill {
  const { body } = asked;
  const spans = PATCHED_FIELDS.flatMap((name) => asked.fields.get(name) ?? []);
  return {
    requestId: request.requestId,
    attemptId: attemptId(request.requestId, decision.attempt),
    attempt: decision.attempt,
    ingressId: request.ingressId,
    attribution: request.attribution,
    target: targetOf(decision),
    price: decision.price,
    route: decision.route,
    routeVersion: decision.routeVersion,
    path: decision.path,
    holds: decision.holds,
    holder: decision.holder,
    maxOutputTokens: limitPerChoice(decision, asked) * BigInt(asked.choiceCount),
    timeouts: decision.timeouts,
    requestedModel: asked.model,
    stream: asked.stream,
    surface: asked.surface,
    forwardedHeaders: { ...forwardedHeaders },
    clientWantsUsage: asked.wantsUsage,
    body: body.length <= INLINE_BODY_BYTES_MAX ? body : Buffer.alloc(0),
    bodyBytes: body.length,
    spans,
    insertAt: asked.insertAt,
    bodyIsEmpty: asked.fields.size === 0,
    inputTokensBound: request.features?.inputTextBytes ?? 0n,
    choiceCount: asked.choiceCount,
    estimatedInputTokens: request.features?.estimatedInputTokens ?? 0n,
    priceUnbounded: request.features?.priceUnbounded ?? false,
    inputUnbounded: readsUnseen(request),
    sessionKey: sessionKey(request, asked),
    failedAccounts: [...failedAccounts],
  };
}

/**
 * A decision's limit is for each choice; a waybill's is for all of them, as is the hold. Where no budget made a limit, the client's
 * own stands in its body; a default of its key stands nowhere else.
 */
function limitPerChoice({ maxOutputTokens }: Decision, asked: AskedRequest): bigint {
  if (maxOutputTokens > 0n || !asked.isDefaultLimit) return maxOutputTokens;
  return BigInt(asked.maxOutputTokens);
}

/** Whether the model reads more than the text whose bytes are counted. */
function readsUnseen({ features }: DecideRequest): boolean {
  return features !== undefined && (features.hasUnseenInput || features.hasImages || features.priceUnbounded);
}

/** The session that the client named, else the key under which OpenAI's API caches prompts; organisations never share one. */
function sessionKey({ attribution, features }: DecideRequest, { value }: AskedRequest): string {
  const cacheKey = value.prompt_cache_key;
  const named = features?.routing?.sessionId || (typeof cacheKey === "string" ? cacheKey : "");
  return named === "" ? "" : `${attribution?.organisationId ?? ""}/${named.slice(0, SESSION_KEY_CHARACTERS_MAX)}`;
}

/** Closes the books on an attempt that no worker was ever told to carry: it cost nothing, for certain. */
export function voidRecord(waybill: Waybill, code: ErrorCode, nowUnixMs: number): UsageRecord {
  return {
    ...unsentRecord(waybill, nowUnixMs),
    recordId: recordId(waybill.attemptId, "void"),
    source: RecordSource.VOID,
    outcome: AttemptOutcome.FAILED_FREE,
    errorCode: code,
  };
}

/** Books a kept answer that was given again: it cost nothing, and what its provider call cost is what it saved. */
export function keptRecord(waybill: Waybill, first: KeptAnswer, nowUnixMs: number): UsageRecord {
  const kept = { of_request: first.requestId, saved_usd: first.costUsd === "" ? null : first.costUsd };
  return {
    ...unsentRecord(waybill, nowUnixMs),
    recordId: recordId(waybill.attemptId, "ingress"),
    source: RecordSource.INGRESS,
    outcome: AttemptOutcome.SUCCESS,
    evidenceJson: JSON.stringify({ kept_answer: kept }),
  };
}

function unsentRecord(waybill: Waybill, nowUnixMs: number): Omit<UsageRecord, "recordId" | "source" | "outcome"> {
  return {
    attemptId: waybill.attemptId,
    requestId: waybill.requestId,
    attempt: waybill.attempt,
    attribution: waybill.attribution,
    route: waybill.route,
    routeVersion: waybill.routeVersion,
    path: waybill.path,
    target: waybill.target,
    requestedModel: waybill.requestedModel,
    stream: waybill.stream,
    usage: { ...NO_TOKENS },
    tokenSource: TokenSource.NONE,
    evidenceJson: "",
    price: waybill.price,
    costPicoUsd: 0n,
    costKnown: true,
    holds: waybill.holds,
    holder: waybill.holder,
    recordedAtMs: BigInt(nowUnixMs),
    firstTokenMs: 0,
    durationMs: 0,
    ingressId: waybill.ingressId,
    workerId: "",
    finishReason: "",
    errorCode: "",
    providerStatus: 0,
    suspect: false,
    account: "",
    session: waybill.sessionKey,
    revision: 0,
  };
}
