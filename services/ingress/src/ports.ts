// What the story needs from the world, as types. inbound/ and outbound/ fill them in; nothing here knows NATS, gRPC or HTTP.
import type { RateLeft, WaybillError } from "@waybill/domain";
import type { FilterPlace } from "@waybill/filters";
import type {
  AnswerFindings,
  DecideRequest,
  DecideResponse,
  Decision,
  ExtendHoldRequest,
  ExtendHoldResponse,
  NextRequest,
  UsageRecord,
  VirtualKey,
  Waybill,
} from "@waybill/wire";
import type { Attempt } from "./core/attempt.ts";
import type { CachedAnswer } from "./core/cached-answer.ts";
import type { FilterSet, Webhook } from "./core/content-filters.ts";
import type { Flights } from "./core/flights.ts";
import type { KeptAnswer } from "./core/kept-answer.ts";
import type { NamedPolicy } from "./core/route-policies.ts";

/** Finds whose key this is. Throws WaybillError: invalid_api_key, accounts_unavailable, bus_unavailable. */
export type Authenticate = (presented: string | undefined) => Promise<VirtualKey>;

/** Which content filters a request of this organisation, for what its client wrote as `model`, has to pass. */
export type SelectFilters = (
  where: FilterPlace,
  organisationId: string,
  requestedModel: string,
) => FilterSet | undefined;

/** Shows texts to a webhook. Throws for whatever is no answer of its kind in time. */
export type AskWebhook = (
  webhook: Webhook,
  asked: { where: FilterPlace; requestId: string; texts: readonly string[] },
) => Promise<{ flagged: boolean; kinds: readonly string[] }>;

/** Asks a router. Throws WaybillError router_unavailable when none answers. */
export interface Decisions {
  decide(request: DecideRequest, traceparent: string): Promise<DecideResponse>;
  next(request: NextRequest, traceparent: string): Promise<DecideResponse>;
  /** Tells the router that made this decision that its attempt is over; `tokens` undefined: nobody knows. Never throws or waits. */
  ended(decision: Decision, attemptId: string, tokens: bigint | undefined): void;
  /** More money for a stream that gets long. */
  extendHold(request: ExtendHoldRequest, traceparent: string): Promise<ExtendHoldResponse>;
}

/** Puts a waybill on its model's queue. Throws WaybillError: overloaded, bus_unavailable. */
export type PublishWaybill = (waybill: Waybill, traceparent: string) => Promise<void>;

/** Publishes a usage record until it is stored; never throws, never gives up while the process lives. */
export type RecordUsage = (record: UsageRecord) => void;

/** Publishes what filters found in an answer; never throws. Dropped and counted when too many wait. */
export type RecordFindings = (findings: AnswerFindings) => void;

/** Resolves after `ms`, or as soon as `until` does. */
export type Pause = (ms: number, until: Promise<unknown>) => Promise<void>;

/** The running attempts of this ingress, and the bus behind them. */
export interface Attempts {
  /** Registers an attempt before its waybill is published, so that no claim finds it unknown. */
  open(attempt: Attempt, body: Buffer): void;
  /** Tells the worker that carries it to stop. */
  cancel(attempt: Attempt, reason: "client_gone" | "slow_reader" | "draining" | "superseded" | "budget_exceeded"): void;
  /** Ends an attempt that was never claimed: later claims hear `over`. False when a worker has been told `go`. */
  giveUp(attempt: Attempt): boolean;
}

/** A request with an Idempotency-Key, before anything is decided about it. */
export interface EnterAsked {
  requestId: string;
  organisationId: string;
  /** The virtual key's. */
  keyId: string;
  idempotencyKey: string;
  /** What makes two requests the same: the surface's path and the body. */
  path: string;
  body: Uint8Array;
}

/** Sees to it that requests of one Idempotency-Key reach a provider once. */
export interface OnceOnly {
  /** Throws WaybillError: idempotency_in_progress, idempotency_key_reused, bus_unavailable. */
  enter(asked: EnterAsked): Promise<Entered>;
}

export type Entered = { kind: "replay"; answer: KeptAnswer } | { kind: "go"; turn: Turn };

/** The right to carry a request that has an Idempotency-Key. */
export interface Turn {
  /** The earlier request's, where its ingress was lost. */
  readonly requestId: string;
  /** The last attempt that the lost ingress began. */
  readonly last: { attempt: number; resumeToken: Buffer } | undefined;
  /** Before an attempt is sent. Throws WaybillError idempotency_in_progress when another ingress has taken over. */
  attempting(attempt: number, resumeToken: Uint8Array): Promise<void>;
  /** Never throws. */
  answered(answer: KeptAnswer): Promise<void>;
  /** There is no answer: who asks again begins anew. Never throws. */
  release(): Promise<void>;
}

/** A request whose answer may come from what was kept, and is kept. */
export interface CacheAsked {
  /** Equal for requests that are the same, of the same tenant. */
  fingerprint: string;
  organisationId: string;
  ttlSeconds: number;
}

/** Answers for whoever asks the same. Never throws: where its store is away, nothing is found and nothing is kept. */
export interface AnswerCache {
  /** Requests that are on their way to a provider right now, and whose answers are for others, too. */
  readonly flights: Flights<CachedAnswer>;
  fingerprint(parts: readonly unknown[], body: Uint8Array): string;
  /** Only one that is fresh. */
  find(asked: CacheAsked): Promise<CachedAnswer | undefined>;
  keep(asked: CacheAsked, answer: CachedAnswer): Promise<void>;
}

/** What routes and aliases mean for the ingress. */
export interface Policies {
  of(organisationId: string, requestedModel: string): NamedPolicy;
}

/** What the client is told before the first byte of an answer. Empty text: nothing to tell. */
export interface AnswerHead {
  /** <name>@v<version> */
  route: string;
  /** Nodes walked, with `>` between them. */
  path: string;
  reason: string;
  /** quality, balanced or cost, where an `auto` node decided. */
  mode: string;
  /** <strategy> <decision>, where an `auto` node knew the session. */
  sessionAffinity: string;
  provider: string;
  model: string;
  attempts: number;
  simulated: boolean;
  budgetRemainingUsd: string;
  clamped: boolean;
  maxOutputTokens: bigint;
  /** A stream that may be stopped when a soft budget has nothing left. */
  mayBeStopped: boolean;
  /** Fields of the body that the provider does not take. */
  droppedFields: readonly string[];
  /** It was given before. */
  isReplayed: boolean;
  /** hit, miss or refresh, where answers are kept for others. */
  cache: string;
  /** Of a hit. */
  cacheAgeSeconds: number;
  /** What the answer cost when it was given first; of a hit whose cost is known. */
  savedUsd: string;
  /** What content filters did, as far as it is known by then; absent: nothing. */
  filters?: string;
  /** The tightest rate limit of each unit; absent: none applies. */
  rateLimits?: readonly RateLeft[];
  /** The key's default, where the request said no limit. */
  maxOutputTokensDefault?: number;
}

/** `slow_reader`: it was cut from here. */
export type GoneReason = "client_gone" | "slow_reader";

/** The client's side of one request. */
export interface Client {
  /** The request goes on under the id of an earlier one. */
  rename(requestId: string): void;
  /** True when the connection is closed before the answer was complete. */
  readonly isGone: boolean;
  /** True as soon as anything of the answer was written. */
  readonly hasContent: boolean;
  onGone(listener: (reason: GoneReason) => void): void;
  /** Sends a complete answer. */
  answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void;
  /** Begins or goes on with a stream. A reader that is too slow is cut, and listeners are told. */
  stream(head: AnswerHead, bytes: Uint8Array): void;
  /** Before the end of a stream that was stopped for its budget; told behind its last byte. */
  stoppedEarly(): void;
  /** Ends a complete stream. */
  endStream(): void;
  /** An error answer, or the in-band error event when a stream has begun. `head`: of the attempt that failed, if there was one. */
  fail(error: WaybillError, head?: AnswerHead): void;
}

/** How many tokens texts are, together, by a tokenizer like o200k_base; undefined: it could not be counted, or not in time. Never rejects. */
export type CountTokens = (tokenizer: string, texts: readonly string[]) => Promise<number | undefined>;
