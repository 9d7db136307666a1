// A wire: one format in which requests go to providers and answers come back, whoever the provider is. One folder per wire, each
// with the same files. What is the same as a surface's format passes as it is; anything else goes by the internal form.
import type { AnswerEvent, Conversation, SurfaceName } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import type { Failure } from "../core/ending.ts";
import type { AbortedCallRule } from "../core/settle.ts";
import type { FailedAnswer, PlainAnswer, Refusal, StreamReader } from "../providers/provider.ts";

export interface Wire {
  /** The surface whose bytes pass; undefined: none speaks this format. */
  readonly surface: SurfaceName | undefined;
  readonly pass: PassThrough | undefined;
  /** Undefined: it carries only what is its own, such as embeddings. */
  readonly translation: Translation | undefined;
  readRefusal(refusal: Refusal): Failure;
  readonly abortedCall: AbortedCallRule;
}

/** Bytes pass; only what must change is patched. */
export interface PassThrough {
  patch(waybill: Waybill, body: Uint8Array): Uint8Array;
  /** `choiceCount`: how many choices the request asks for. */
  readStream(choiceCount: number): StreamReader;
  /** Throws WaybillError upstream_malformed; an error object in a success is returned as a failure. */
  readAnswer(body: Uint8Array): PlainAnswer | FailedAnswer;
}

/** Between this format and the internal form. */
export interface Translation {
  /** `waybill` says the model, whether to stream, and the most output tokens. */
  write(conversation: Conversation, waybill: Waybill): WrittenRequest;
  readStream(): EventReader;
  /** Of a plain answer. Throws WaybillError upstream_malformed. */
  readAnswer(body: Uint8Array): AnswerEvent[];
}

export interface WrittenRequest {
  /** To be written as JSON. */
  body: object;
  /** What the conversation asks for and this format, or the model, does not take; the client's own names where it has some. */
  dropped: string[];
}

/** Reads one streamed answer. After a `failure` or an `end` nothing more comes. */
export interface EventReader {
  push(chunk: Uint8Array): AnswerEvent[];
  /** The provider ended the body: a failure, where its own end was not seen. */
  end(): AnswerEvent[];
}
