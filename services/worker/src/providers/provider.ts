// What the worker needs of a provider's dialect. One folder per dialect, each with the same files: index says what it speaks,
// request where it goes and with which credentials. The formats themselves are in wires/.
import type { ReportedUsage } from "@waybill/domain";
import type { Waybill } from "@waybill/wire";
import type { Failure } from "../core/ending.ts";
import type { AbortedCallRule } from "../core/settle.ts";

/** A request as the provider wants it; credentials are added when it is called. */
export interface ProviderRequest {
  /** Behind the provider's base URL, with a slash in front. */
  path: string;
  body: Uint8Array;
  /** Names and values in turn, besides the credentials and those of every call. */
  headers: readonly string[];
  /** Fields of the client's body that were left out, because the provider does not take them. */
  droppedFields: readonly string[];
}

/** What some bytes of a stream amount to. */
export interface StreamStep {
  /** Whole events for the client, in order; nothing before the first content is at hand. */
  bytes: Uint8Array[];
  /** Output tokens and UTF-8 bytes of text that these events evidence. */
  evidencedTokens: number;
  textBytes: number;
  /** True once, with the provider's own end. */
  isComplete: boolean;
  /** The stream is over and not complete. Bytes beside it came before it. */
  failure: Failure | undefined;
}

/**
 * What a stream has still to bring. `answer`: more of it. `last_event`: everything that was begun is done, but the event is missing
 * without which it is not whole. `mark`: every choice that was begun said how it finished. `usage`: it said that it broke off, so
 * only what it used may still be told.
 */
export type Awaited = "answer" | "last_event" | "mark" | "usage";

/** Reads one streamed answer. */
export interface StreamReader {
  push(chunk: Uint8Array): StreamStep;
  /** The provider ended the body. */
  end(): StreamStep;
  /** True when the client may have been shown something. */
  readonly hasContent: boolean;
  /** The provider has done something that it may bill, although nothing of it was shown: a failure now is no refusal. */
  readonly hasSpent?: boolean;
  /** The provider's own figure, once seen. */
  readonly usage: ReportedUsage | undefined;
  /** In the provider's word, or that of the internal form where it was translated; empty: it did not say. */
  readonly finishReason: string;
  readonly awaits: Awaited;
  /** The last bytes of a complete stream. `note`: what the client is told in the usage chunk it asked for. */
  tail(note: string | undefined): Uint8Array;
}

/** A plain answer that was read. */
export interface PlainAnswer {
  /** For the client. */
  bytes: Uint8Array;
  usage: ReportedUsage | undefined;
  finishReason: string;
  evidencedTokens: number;
}

/** A failure inside a success. */
export interface FailedAnswer {
  failure: Failure;
  /** The provider bills this all the same. */
  usage?: ReportedUsage | undefined;
  /** Of what was made before it failed; absent: nothing was, as far as is known. */
  evidencedTokens?: number;
  finishReason?: string;
}

/** An answer of the provider with an error status. */
export interface Refusal {
  status: number;
  header(name: string): string;
  body: Uint8Array;
  nowUnixMs: number;
}

/** One surface at one provider: there and back. */
export interface Exchange {
  /** Throws WaybillError invalid_value for what the provider's dialect has no place for. */
  request(waybill: Waybill, body: Uint8Array): ProviderRequest;
  readStream(waybill: Waybill, nowUnixMs: number): StreamReader;
  /** Throws WaybillError upstream_malformed; an error object in a success is returned as a failure. */
  readAnswer(body: Uint8Array, waybill: Waybill, nowUnixMs: number): PlainAnswer | FailedAnswer;
  readRefusal(refusal: Refusal): Failure;
  readonly abortedCall: AbortedCallRule;
}

export interface ProviderDialect {
  /** By the surface's name; undefined: this provider cannot serve it. */
  exchange(surface: string, settings?: ProviderSettings): Exchange | undefined;
  /** How the secret is sent. Throws Error with a sentence for the log when it has not the form this provider's have. */
  credentials(secret: string, settings?: ProviderSettings): Credentials;
}

/** What a provider's configuration says beside its base URL. */
export interface ProviderSettings {
  /** Host and port as in the Host header. */
  host: string;
  /** Empty: not said. */
  region: string;
  /** Empty: not said. */
  apiVersion: string;
  /** In what it differs from OpenAI, whose API it has; absent: in nothing. */
  quirks?: Quirks;
}

export interface Quirks {
  /** Top-level fields of a body that it refuses. */
  refusedParameters: readonly string[];
  /** It refuses `stream_options`. */
  isStreamUsageRefused: boolean;
  /** Of OpenAI's endpoints, those there are: chat, completions, embeddings. Empty: all. */
  endpoints: readonly string[];
}

/** Puts a secret into the headers of a call. */
export interface Credentials {
  /** Names and values in turn. */
  headers(call: SignedCall): readonly string[];
  /** What must never be seen in a text of the provider's. */
  readonly secrets: readonly string[];
}

/** What a signature covers. */
export interface SignedCall {
  method: "POST";
  /** Host and port as in the Host header. */
  host: string;
  /** With its query. */
  path: string;
  /** Those that are on the call already, names and values in turn. */
  headers: readonly string[];
  body: Uint8Array;
  nowUnixMs: number;
}
