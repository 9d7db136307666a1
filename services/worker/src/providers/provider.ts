// What the worker needs of a provider's dialect. One folder per dialect, each with the same five files: request, stream,
// usage, error, index.
import type { TokenUsage } from "@waybill/domain";
import type { Waybill } from "@waybill/wire";
import type { Failure } from "../core/ending.ts";
import type { AbortedCallRule } from "../core/settle.ts";

/** A request as the provider wants it; the worker adds credentials. */
export interface ProviderRequest {
  /** Behind the provider's base URL, with a slash in front. */
  path: string;
  body: Uint8Array;
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

/** Reads one streamed answer. */
export interface StreamReader {
  push(chunk: Uint8Array): StreamStep;
  /** The provider ended the body. */
  end(): StreamStep;
  /** True when the client may have been shown something. */
  readonly hasContent: boolean;
  /** The provider's own figure, once seen. */
  readonly usage: TokenUsage | undefined;
  readonly finishReason: string;
  /** The last bytes of a complete stream. `note`: what the client is told in the usage chunk it asked for. */
  tail(note: string | undefined): Uint8Array;
}

/** A plain answer that was read. */
export interface PlainAnswer {
  /** For the client. */
  bytes: Uint8Array;
  usage: TokenUsage | undefined;
  finishReason: string;
  evidencedTokens: number;
}

/** An answer of the provider with an error status. */
export interface Refusal {
  status: number;
  header(name: string): string;
  body: Uint8Array;
  nowUnixMs: number;
}

export interface ProviderDialect {
  request(waybill: Waybill, body: Uint8Array): ProviderRequest;
  readStream(): StreamReader;
  /** Throws WaybillError upstream_malformed; an error object in a success is returned as a failure. */
  readAnswer(body: Uint8Array): PlainAnswer | { failure: Failure };
  readRefusal(refusal: Refusal): Failure;
  abortedCall: AbortedCallRule;
}
