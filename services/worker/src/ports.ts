// What the story needs from the world.
import type { Clock } from "@waybill/domain";
import type { Failpoint, Log, Span } from "@waybill/service";
import type { Evidence, UsageRecord, Waybill } from "@waybill/wire";
import type { WholeAnswer } from "./core/answer-lengths.ts";
import type { Failure } from "./core/ending.ts";
import type { WeightedAccount } from "./core/pick-account.ts";
import type { Settlement } from "./core/settle.ts";
import type { AccountEnd, Aftermath, Picked } from "./core/target-accounts.ts";
import type { CallEnd } from "./core/target-health.ts";
import type { Credentials, ProviderDialect, ProviderRequest, ProviderSettings } from "./providers/provider.ts";

/** A delivered waybill; the message it came in. */
export interface WorkMessage {
  readonly data: Uint8Array;
  /** 1 for a first delivery. */
  readonly deliveryCount: number;
  readonly streamSequence: number;
  header(name: string): string;
  ack(): void;
  working(): void;
  terminate(): void;
}

/** What the ingress answers to a claim. `nobody`: no answer within a second. */
export type Claim =
  | { kind: "go"; msLeft: number }
  | { kind: "running" }
  | { kind: "over" }
  | { kind: "lost"; evidence: Evidence | undefined }
  | { kind: "nobody" };

/** An account of a provider as it is called: where, how, with which credentials. */
export interface Upstream extends WeightedAccount {
  readonly providerId: string;
  readonly dialect: ProviderDialect;
  readonly settings: ProviderSettings;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path in front of the dialect's own, without a slash at the end. */
  readonly basePath: string;
  /** Host and port as in the Host header. */
  readonly host: string;
  readonly credentials: Credentials;
  /** The text without this account's key, which a provider may quote in what it says of a request. */
  mask(text: string): string;
  readonly allowPrivateAddress: boolean;
  /** Simulated providers are told attempt ids, so that their logs can be held against the books. */
  readonly isSimulated: boolean;
}

/** What a call is known by. A provider outside hears of the attempt's id only. */
export interface CallIds {
  readonly requestId: string;
  readonly attemptId: string;
  readonly traceparent: string;
}

/** What a provider call reports, in order. After `onEnd` or `onError`, or once aborted, nothing more comes. */
export interface UpstreamEvents {
  /** From here on the provider may have the request. */
  onSent(): void;
  onHeaders(status: number, header: (name: string) => string): void;
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  /** `detail` is for logs: a code, never content. */
  onError(detail: string): void;
}

export interface UpstreamCall {
  /** Ends the connection now. */
  abort(): void;
  /** The answer is complete; the connection may be used again if it ends soon. */
  release(): void;
}

/** The way back to the client. Every method may be called at any time; none throws. */
export interface Reply {
  started(status: number, contentType: string, droppedFields: readonly string[]): void;
  /** One frame per piece of at most 512 KiB. `tokens` are evidenced by these bytes. */
  data(bytes: readonly Uint8Array[], tokens: number): void;
  finished(settlement: Settlement, facts: { finishReason: string; firstTokenMs: number; durationMs: number }): void;
  /** `account`: who was called, if anybody was; `otherAccount`: the same request may be sent to another one at once. */
  failed(failure: Failure, settlement: Settlement, account?: { account: string; otherAccount: boolean }): void;
  /** True when a frame could not be sent: the answer has a hole and is worth nothing to the client. */
  readonly isBroken: boolean;
}

/** A usage record on its way. */
export interface Booking {
  /** On USAGE, or on this machine's disk: a crash does not lose it. */
  secured: Promise<void>;
  /** On USAGE. */
  stored: Promise<void>;
}

export interface Ports {
  readonly workerId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly failpoint: Failpoint;
  /** Of text, in a stream that has begun; 0: as slow as it likes. */
  readonly bytesPerSecondMin: number;
  /** The account that carries this waybill, by the configuration of this moment; undefined when its provider is not served here. */
  pickUpstream(waybill: Waybill): Picked<Upstream> | undefined;
  /** Fields of a client's body that the waybill's model refuses. */
  refusedParameters(waybill: Waybill): readonly string[];
  /** Asks the ingress that made the attempt. */
  claim(waybill: Waybill, deliveryCount: number): Promise<Claim>;
  /** Room in memory for a body that has to be asked for; call the result when it is no longer needed. */
  reserveBody(bytes: number): Promise<() => void>;
  /** Asks the ingress for the body. `onAnswer` is told when each answered piece was asked for. */
  fetchBody(waybill: Waybill, onAnswer: (askedAtMs: number) => void): Promise<Uint8Array>;
  callProvider(upstream: Upstream, request: ProviderRequest, ids: CallIds, events: UpstreamEvents): UpstreamCall;
  replyTo(waybill: Waybill): Reply;
  startSpan(name: string, parent: string): Span;
  book(record: UsageRecord, traceparent: string): Booking;
  /** The attempt is on USAGE: its ingress may forget it. */
  noteRecorded(ingressId: string, attemptId: string): void;
  /** Parks what cannot be understood; true when that is durable. */
  park(message: WorkMessage, reason: string): Promise<boolean>;
  measure: Measures;
  /** Takes note of how a provider call ended: for its account, and for what routers hear of this model. */
  callEnded(end: AccountEnd & CallEnd & WholeAnswerEnd): Aftermath;
}

/** Set where the answer came whole and its tokens are known; see core/answer-lengths.ts. */
interface WholeAnswerEnd {
  wholeAnswer?: Pick<WholeAnswer, "route" | "outputTokens">;
}

/** Who was called, as labels. */
interface Called {
  provider: string;
  model: string;
  account: string;
}

/** Measurements of the story, all with few labels. */
export interface Measures {
  claimed(verdict: Claim["kind"]): void;
  firstToken(ms: number, called: Called): void;
  ended(outcome: string, called: Called): void;
}
