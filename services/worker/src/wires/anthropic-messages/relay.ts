// Reads a Messages answer, streamed or plain, whose bytes pass. Held back until the first content is at hand: everything. Kept for
// the end: message_delta and message_stop, because the cost goes into the first of the two.
import { type ErrorCode, type TokenUsage, WaybillError } from "@waybill/domain";
import { type SseEvent, SseSplitter } from "@waybill/surfaces";
import { type Failure, failureWith } from "../../core/ending.ts";
import type { Awaited, FailedAnswer, PlainAnswer, StreamReader, StreamStep } from "../../providers/provider.ts";
import { isBrokenOff } from "../finish-event.ts";
import { readJson } from "../read-json.ts";
import { textOf } from "../read-values.ts";
import { readErrorEvent } from "./error.ts";
import { readUsage } from "./usage.ts";

/** One event: a long tool call fits. */
const EVENT_BYTES_MAX = 8 * 1024 * 1024;
/** Events before any content. A provider that sends more of them is not answering. */
const HELD_BYTES_MAX = 1024 * 1024;
const BYTES_PER_TOKEN = 4;
const COLON = 0x3a;

export class MessagesStream implements StreamReader {
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #startUsage: unknown;
  #messageDelta: Record<string, unknown> | undefined;
  /** As it came, or what it says anyway where it did not come. */
  #messageStop: Uint8Array = Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  #isOver = false;
  hasContent = false;
  usage: TokenUsage | undefined;
  finishReason = "";

  get awaits(): Awaited {
    if (isBrokenOff(this.finishReason)) return "usage";
    return this.finishReason === "" ? "answer" : "mark";
  }

  push(chunk: Uint8Array): StreamStep {
    return this.#step(() => this.#splitter.push(chunk), "upstream_malformed");
  }

  end(): StreamStep {
    const step = this.#step(() => this.#splitter.end(), "upstream_truncated");
    this.#fail(step, failureWith("upstream_truncated"));
    return step;
  }

  tail(note: string | undefined): Uint8Array {
    const text = JSON.stringify(this.#messageDelta ?? { type: "message_delta" });
    const noted = note === undefined ? text : `${text.slice(0, -1)},"waybill":${note}}`;
    return Buffer.concat([Buffer.from(`event: message_delta\ndata: ${noted}\n\n`), this.#messageStop]);
  }

  #step(cut: () => SseEvent[], codeOfBroken: ErrorCode): StreamStep {
    const step: StreamStep = { bytes: [], evidencedTokens: 0, textBytes: 0, isComplete: false, failure: undefined };
    try {
      for (const { raw, data } of cut()) {
        if (this.#isOver) break;
        if (data !== undefined) this.#onEvent(raw, data, step);
        // A comment keeps a connection alive; before there is a stream there is nothing to keep. A name without data is what a
        // cut left of an event: it says nothing, and must not look like an end.
        else if (this.hasContent && raw[0] === COLON) step.bytes.push(raw);
      }
    } catch {
      this.#fail(step, failureWith(codeOfBroken));
    }
    return step;
  }

  #onDelta(raw: Uint8Array, { delta }: Record<string, unknown>, step: StreamStep): void {
    const bytes = textBytesOf(delta);
    step.textBytes += bytes;
    step.evidencedTokens += bytes === 0 ? 0 : Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));
    this.#release(step);
    step.bytes.push(raw);
  }

  #onEvent(raw: Uint8Array, data: Uint8Array, step: StreamStep): void {
    const event = readJson(data);
    switch (event.type) {
      case "message_start": {
        const { message } = event as { message?: { usage?: unknown } };
        this.#startUsage = message?.usage;
        this.usage = readUsage(this.#startUsage);
        break;
      }
      case "content_block_delta":
        this.#onDelta(raw, event, step);
        return;
      case "message_delta":
        this.#onMessageDelta(event, step);
        return;
      case "message_stop":
        this.#onStop(raw, step);
        return;
      case "error":
        this.#fail(step, readErrorEvent(data));
        return;
    }
    if (this.hasContent) step.bytes.push(raw);
    else this.#hold(raw, step);
  }

  #onMessageDelta(event: Record<string, unknown>, step: StreamStep): void {
    const { delta, usage } = event as { delta?: { stop_reason?: unknown }; usage?: unknown };
    // A later one says all that an earlier one said.
    this.#messageDelta = event;
    this.usage = readUsage(this.#startUsage, usage) ?? this.usage;
    if (typeof delta?.stop_reason === "string") this.finishReason = delta.stop_reason;
    // An answer may have no text at all. One that broke off is none.
    if (this.awaits !== "usage") this.#release(step);
  }

  #onStop(raw: Uint8Array, step: StreamStep): void {
    if (this.awaits !== "mark") {
      this.#fail(step, failureWith("upstream_truncated"));
      return;
    }
    this.#messageStop = raw;
    this.#isOver = true;
    step.isComplete = true;
  }

  #release(step: StreamStep): void {
    if (this.hasContent) return;
    this.hasContent = true;
    step.bytes.push(...this.#held);
    this.#held = [];
  }

  #hold(raw: Uint8Array, step: StreamStep): void {
    this.#heldBytes += raw.length;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#fail(step, failureWith("upstream_malformed"));
    else this.#held.push(raw);
  }

  #fail(step: StreamStep, failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    step.failure = failure;
  }
}

/** Reads a plain answer. Throws upstream_malformed for what is none. */
export function readAnswer(body: Uint8Array): PlainAnswer | FailedAnswer {
  const message = readJson(body);
  if (message.type === "error") return { failure: readErrorEvent(body) };
  const { content, usage, stop_reason: reason } = message;
  if (!Array.isArray(content)) throw new WaybillError("upstream_malformed", { detail: "there is no content" });
  const read = readUsage(usage);
  const finishReason = textOf(reason);
  const evidencedTokens = read ? 0 : Math.ceil(Buffer.byteLength(JSON.stringify(content)) / BYTES_PER_TOKEN);
  if (isBrokenOff(finishReason)) {
    return { failure: failureWith("upstream_truncated"), usage: read, evidencedTokens, finishReason };
  }
  return { bytes: body, usage: read, finishReason, evidencedTokens };
}

function textBytesOf(delta: unknown): number {
  const { text, partial_json: json, thinking } = (delta ?? {}) as Record<string, unknown>;
  const said = text ?? json ?? thinking;
  return typeof said === "string" ? Buffer.byteLength(said) : 0;
}
