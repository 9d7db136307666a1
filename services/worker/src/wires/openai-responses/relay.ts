// Reads a Responses answer, streamed or plain, whose bytes pass. Held back until the first content is at hand: everything. Kept for
// the end: the event with the whole response, because the cost goes into it. Nothing but that event makes a stream complete.
import { type ErrorCode, type TokenUsage, WaybillError } from "@waybill/domain";
import { type SseEvent, SseSplitter } from "@waybill/surfaces";
import { type Failure, failureWith } from "../../core/ending.ts";
import type { Awaited, FailedAnswer, PlainAnswer, StreamReader, StreamStep } from "../../providers/provider.ts";
import { readJson } from "../read-json.ts";
import { indexOf, isObject, objectOf, objectsOf, textOf, type Values } from "../read-values.ts";
import { readErrorEvent, readFailedResponse } from "./error.ts";
import { readUsage } from "./usage.ts";

/** One event: the last one holds the whole answer and repeats instructions and tools. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;
/** Events before any content; the first two repeat instructions and tools. A provider that sends more is not answering. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;
const BYTES_PER_TOKEN = 4;
const ITEMS_MAX = 4_096;

/** What tells that something will come, and nothing of what it is. Any other event is content: better no fallback than two answers. */
const PRELUDE =
  /^(?:keepalive|response\.(?:created|queued|in_progress|(?:output_item|content_part|reasoning_summary_part)\.added|[a-z_]+_call\.(?:in_progress|searching|generating|interpreting)))$/;

/** Of these, what only comes when something was thought or looked for. */
const SPENT = /^response\.(?:output_item\.done|reasoning_summary_part\.added|[a-z_]+_call\.[a-z_]+)$/;
const COLON = 0x3a;

export class ResponsesStream implements StreamReader {
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #last: Values = {};
  #isOver = false;
  /** By their place in the output. */
  readonly #openItems = new Set<number>();
  /** The last item that is done was one behind which an answer may end: thoughts are followed by something. */
  #mayEnd = false;
  hasContent = false;
  hasSpent = false;
  usage: TokenUsage | undefined;
  finishReason = "";

  get awaits(): Awaited {
    return this.#mayEnd && this.#openItems.size === 0 ? "last_event" : "answer";
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
    const { type, response, ...others } = this.#last;
    const text = JSON.stringify(objectOf(response));
    const noted = note === undefined || text === "{}" ? text : `${text.slice(0, -1)},"waybill":${note}}`;
    const head = JSON.stringify({ type, ...others });
    return Buffer.from(`event: ${textOf(type)}\ndata: ${head.slice(0, -1)},"response":${noted}}\n\n`);
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

  #onEvent(raw: Uint8Array, data: Uint8Array, step: StreamStep): void {
    const event = readJson(data);
    const type = textOf(event.type);
    this.#followItem(type, event);
    if (type === "response.failed") this.#onFailed(event, step);
    else if (type === "error" || isObject(event.error)) this.#fail(step, readErrorEvent(data));
    else if (type === "response.completed" || type === "response.incomplete") this.#onWhole(event, step);
    else if (isPrelude(type, event)) {
      this.hasSpent ||= SPENT.test(type);
      this.#pass(raw, step);
    } else {
      const bytes = type.endsWith(".delta") ? Buffer.byteLength(textOf(event.delta)) : 0;
      step.textBytes += bytes;
      step.evidencedTokens += bytes === 0 ? 0 : Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));
      this.#release(step);
      this.#pass(raw, step);
    }
  }

  #followItem(type: string, { output_index: given, item }: Values): void {
    const place = indexOf(given, ITEMS_MAX);
    if (type === "response.output_item.added") this.#openItems.add(place);
    else if (type === "response.output_item.done") {
      this.#openItems.delete(place);
      this.#mayEnd = objectOf(item).type !== "reasoning";
    }
  }

  #onFailed(event: Values, step: StreamStep): void {
    const response = objectOf(event.response);
    // What it reports is billed.
    this.usage = readUsage(response.usage);
    this.#fail(step, readFailedResponse(response));
  }

  #onWhole(event: Values, step: StreamStep): void {
    const response = objectOf(event.response);
    this.#last = event;
    this.usage = readUsage(response.usage);
    this.finishReason = finishOf(response, textOf(event.type).replace("response.", ""));
    // An answer may have no text at all.
    this.#release(step);
    this.#isOver = true;
    step.isComplete = true;
  }

  #pass(raw: Uint8Array, step: StreamStep): void {
    if (this.hasContent) {
      step.bytes.push(raw);
      return;
    }
    this.#heldBytes += raw.length;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#fail(step, failureWith("upstream_malformed"));
    else this.#held.push(raw);
  }

  #release(step: StreamStep): void {
    if (this.hasContent) return;
    this.hasContent = true;
    step.bytes.push(...this.#held);
    this.#held = [];
  }

  #fail(step: StreamStep, failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    step.failure = failure;
  }
}

/** Thoughts that show nothing of themselves are none of the answer yet. */
function isPrelude(type: string, { item }: Values): boolean {
  if (PRELUDE.test(type)) return true;
  return type === "response.output_item.done" && objectOf(item).type === "reasoning";
}

/** Reads a plain answer. Throws upstream_malformed for what is none. */
export function readAnswer(body: Uint8Array): PlainAnswer | FailedAnswer {
  const response = readJson(body);
  const { status, output, error } = response;
  if (status === "failed" || isObject(error)) {
    return { failure: readFailedResponse(response), usage: readUsage(response.usage) };
  }
  if (!Array.isArray(output)) throw new WaybillError("upstream_malformed", { detail: "there is no output" });
  if (status !== undefined && status !== "completed" && status !== "incomplete") {
    throw new WaybillError("upstream_malformed", { detail: "the response is not over" });
  }
  const usage = readUsage(response.usage);
  const evidenced = objectsOf(output).reduce((sum, item) => sum + generatedBytes(item), 0);
  return {
    bytes: body,
    usage,
    finishReason: finishOf(response, textOf(status)),
    evidencedTokens: usage ? 0 : Math.ceil(evidenced / BYTES_PER_TOKEN),
  };
}

/** Why it was cut, else that it was not. */
function finishOf({ incomplete_details: details }: Values, status: string): string {
  return textOf(objectOf(details).reason) || status;
}

/** UTF-8 bytes of the texts of an item. */
function generatedBytes({ content, summary, arguments: json, input }: Values): number {
  const parts = [...objectsOf(content), ...objectsOf(summary)];
  const texts = [...parts.map(({ text, refusal }) => textOf(text) || textOf(refusal)), textOf(json), textOf(input)];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
