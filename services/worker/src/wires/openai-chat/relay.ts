// Reads an answer of this dialect, streamed or plain. Events pass with their bytes as they came. Held back until the first
// content is at hand: everything, so that a failure before it stays invisible. Kept for the end: the usage chunk. Never shown: a
// chunk whose finish reason says that the answer broke off.
import { type ErrorCode, type ReportedUsage, WaybillError } from "@waybill/domain";
import { type SseEvent, SseSplitter, scanChunk, weakerFinishWord } from "@waybill/surfaces";
import { ChoiceTally } from "../../core/choice-tally.ts";
import { type Failure, failureWith } from "../../core/ending.ts";
import type { Awaited, FailedAnswer, PlainAnswer, StreamReader, StreamStep } from "../../providers/provider.ts";
import { isBrokenOff } from "../finish-event.ts";
import { indexOf, isObject, objectsOf, textOf as reasonOf, type Values } from "../read-values.ts";
import { readErrorEvent } from "./error.ts";
import { readUsage, usageIn } from "./usage.ts";

/** One event: a long tool call or an image in base64 fits. */
const EVENT_BYTES_MAX = 8 * 1024 * 1024;
/** Events before any content. A provider that sends more of them is not answering. */
const HELD_BYTES_MAX = 1024 * 1024;
const BYTES_PER_TOKEN = 4;
const CHOICES_MAX = 128;
const DONE = "data: [DONE]\n\n";

export class OpenAiStream implements StreamReader {
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #usageChunk: Record<string, unknown> | undefined;
  #isOver = false;
  /** Only where there are several: of one, its finish reason says it all. */
  readonly #tally: ChoiceTally | undefined;
  hasContent = false;
  usage: ReportedUsage | undefined;
  finishReason = "";

  constructor(choiceCount = 1) {
    this.#tally = choiceCount > 1 ? new ChoiceTally() : undefined;
  }

  get awaits(): Awaited {
    if (isBrokenOff(this.finishReason)) return "usage";
    return this.finishReason !== "" && (this.#tally?.isWhole ?? true) ? "mark" : "answer";
  }

  push(chunk: Uint8Array): StreamStep {
    return this.#step(() => this.#splitter.push(chunk), "upstream_malformed");
  }

  end(): StreamStep {
    // An event cut in the middle is the end of the connection, not a provider that writes bad JSON.
    const step = this.#step(() => this.#splitter.end(), "upstream_truncated");
    this.#fail(step, failureWith("upstream_truncated"));
    return step;
  }

  tail(note: string | undefined): Uint8Array {
    if (note === undefined || !this.#usageChunk) return Buffer.from(DONE);
    // A provider that puts usage beside its last choice is given a usage chunk of the usual form.
    const text = JSON.stringify({ ...this.#usageChunk, choices: [] });
    return Buffer.from(`data: ${text.slice(0, -1)},"waybill":${note}}\n\n${DONE}`);
  }

  #step(cut: () => SseEvent[], codeOfBroken: ErrorCode): StreamStep {
    const step: StreamStep = { bytes: [], evidencedTokens: 0, textBytes: 0, isComplete: false, failure: undefined };
    try {
      for (const { raw, data } of cut()) {
        if (this.#isOver) break;
        if (data !== undefined && isDone(data)) this.#onDone(step);
        else if (data !== undefined) this.#onChunk(raw, data, step, codeOfBroken);
        // Comments keep a connection alive; before there is a stream there is nothing to keep.
        else if (this.hasContent) step.bytes.push(raw);
      }
    } catch {
      // Too large for an event, or JSON that only the parser found wrong.
      this.#fail(step, failureWith(codeOfBroken));
    }
    return step;
  }

  #onChunk(raw: Uint8Array, data: Uint8Array, step: StreamStep, codeOfBroken: ErrorCode): void {
    const found = scanChunk(data);
    if (!found.isWellFormed || found.hasError) {
      this.#fail(step, found.isWellFormed ? readErrorEvent(data) : failureWith(codeOfBroken));
      return;
    }
    if (found.hasUsage) {
      const chunk = JSON.parse(textOf(data)) as Record<string, unknown>;
      const usage = usageIn(chunk);
      if (isObject(usage)) {
        this.#usageChunk = { ...chunk, usage };
        this.usage = readUsage(usage);
        if (!found.hasChoices) return;
      }
    }
    step.evidencedTokens += found.evidencedTokens;
    step.textBytes += found.textBytes;
    const reasons = this.#tally ? tallied(this.#tally, data) : [found.finishReason];
    for (const reason of reasons) {
      if (reason === "") continue;
      this.finishReason = this.finishReason === "" ? reason : weakerFinishWord(this.finishReason, reason);
    }
    // Nor is anything shown that comes behind it.
    if (this.awaits === "usage") return;
    if (found.textBytes > 0 || found.finishReason !== "") this.#release(step);
    if (this.hasContent) step.bytes.push(raw);
    else this.#hold(raw, step);
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

  #onDone(step: StreamStep): void {
    if (this.awaits !== "mark") {
      this.#fail(step, failureWith("upstream_truncated"));
      return;
    }
    this.#isOver = true;
    step.isComplete = true;
  }

  #fail(step: StreamStep, failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    step.failure = failure;
  }
}

/** Notes the choices of a chunk; their finish reasons, where they have one. */
function tallied(tally: ChoiceTally, data: Uint8Array): string[] {
  return objectsOf((JSON.parse(textOf(data)) as Values).choices).map(({ index, finish_reason: given }) => {
    const [choice, reason] = [indexOf(index, CHOICES_MAX), reasonOf(given)];
    if (reason === "") tally.begin(choice);
    else tally.finish(choice);
    return reason;
  });
}

/** Reads a plain answer. Throws upstream_malformed for what is none. */
export function readAnswer(body: Uint8Array): PlainAnswer | FailedAnswer {
  const bytes = withoutBom(body);
  let value: unknown;
  try {
    value = JSON.parse(textOf(bytes));
  } catch (error) {
    throw new WaybillError("upstream_malformed", { detail: "the body is not JSON", cause: error });
  }
  if (typeof value !== "object" || value === null) throw new WaybillError("upstream_malformed");
  const { choices, usage, error } = value as { choices?: unknown; usage?: unknown; error?: unknown };
  if (error !== undefined && error !== null) return { failure: readErrorEvent(bytes) };
  if (!Array.isArray(choices)) throw new WaybillError("upstream_malformed", { detail: "there are no choices" });
  const reasons = objectsOf(choices).map((choice) => reasonOf(choice.finish_reason));
  const read = readUsage(usage);
  // Measured only where nothing better is known.
  const evidencedTokens = read ? 0 : Math.ceil(generatedBytes(choices) / BYTES_PER_TOKEN);
  const finishReason = reasons.length === 0 ? "" : reasons.reduce(weakerFinishWord);
  if (isBrokenOff(finishReason)) {
    return { failure: failureWith("upstream_truncated"), usage: read, evidencedTokens, finishReason };
  }
  return { bytes, usage: read, finishReason, evidencedTokens };
}

/** UTF-8 bytes of all text in the messages, names of roles, ids and types aside. */
function generatedBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return 0;
  let bytes = 0;
  for (const [name, field] of Object.entries(value)) {
    if (name !== "role" && name !== "id" && name !== "type" && name !== "finish_reason") bytes += generatedBytes(field);
  }
  return bytes;
}

function isDone(data: Uint8Array): boolean {
  return data.length >= 6 && data.length <= 16 && textOf(data).trim() === "[DONE]";
}

function withoutBom(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
