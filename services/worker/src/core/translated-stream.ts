// A streamed answer of one dialect as the events of another. Like bytes that pass, nothing is shown before the first content.
import { type ReportedUsage, WaybillError } from "@waybill/domain";
import {
  type AnswerEvent,
  type AnswerFacts,
  type AnswerWriter,
  type FinishReason,
  weakerFinishWord,
} from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import type { Awaited, StreamReader, StreamStep } from "../providers/provider.ts";
import type { EventReader } from "../wires/wire.ts";
import { ChoiceTally } from "./choice-tally.ts";
import { type Failure, failureWith } from "./ending.ts";

const BYTES_PER_TOKEN = 4;
const AFTER_BROKEN: ReadonlySet<AnswerEvent["kind"]> = new Set(["usage", "end", "failure"]);

export class TranslatedStream implements StreamReader {
  readonly #reader: EventReader;
  readonly #writer: AnswerWriter;
  /** Written, and not to be shown before there is content. */
  #held = "";
  #isOver = false;
  #isBroken = false;
  readonly #tally = new ChoiceTally();
  hasContent = false;
  usage: ReportedUsage | undefined;
  finishReason = "";

  constructor(reader: EventReader, writer: AnswerWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  get awaits(): Awaited {
    if (this.#isBroken) return "usage";
    return this.#tally.isWhole ? "mark" : "answer";
  }

  push(chunk: Uint8Array): StreamStep {
    return this.#step(() => this.#reader.push(chunk));
  }

  end(): StreamStep {
    const step = this.#step(() => this.#reader.end());
    if (!this.#isOver) this.#fail(step, failureWith("upstream_truncated"));
    return step;
  }

  tail(note: string | undefined): Uint8Array {
    return Buffer.from(this.#writer.end(note));
  }

  #step(read: () => AnswerEvent[]): StreamStep {
    const step: StreamStep = { bytes: [], evidencedTokens: 0, textBytes: 0, isComplete: false, failure: undefined };
    let text = "";
    try {
      for (const event of read()) {
        if (this.#isOver) break;
        text += this.#take(event, step);
      }
    } catch (error) {
      const { code } = WaybillError.from(error);
      this.#fail(step, failureWith(code === "internal_error" ? "upstream_malformed" : code));
    }
    this.#held += text;
    if (this.hasContent && this.#held !== "") {
      step.bytes.push(Buffer.from(this.#held));
      this.#held = "";
    }
    return step;
  }

  #take(event: AnswerEvent, step: StreamStep): string {
    // Of an answer that broke off nothing more is shown.
    if (this.#isBroken && !AFTER_BROKEN.has(event.kind)) {
      step.evidencedTokens += evidencedTokensOf(event);
      return "";
    }
    switch (event.kind) {
      case "failure":
        this.#fail(step, failureOf(event));
        return "";
      case "end":
        if (this.awaits !== "mark") this.#fail(step, failureWith("upstream_truncated"));
        else {
          this.#isOver = true;
          step.isComplete = true;
        }
        return "";
      case "usage":
        this.usage = event.usage;
        break;
      case "finish":
        this.finishReason = bookedReason(this.finishReason, event.reason);
        this.#tally.finish(event.choice);
        this.hasContent = true;
        break;
      case "broken":
        this.#isBroken = true;
        this.finishReason = event.said;
        return "";
      case "begin":
      case "logprobs":
        break;
      default:
        this.#tally.begin(event.choice);
        this.hasContent = true;
        step.evidencedTokens += evidencedTokensOf(event);
        step.textBytes += textBytesOf(event);
    }
    return this.#writer.write(event);
  }

  #fail(step: StreamStep, failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    step.failure = failure;
  }
}

/** What is booked as the reason of an answer with one choice more; `before` is empty where it is the first. */
export function bookedReason(before: string, reason: FinishReason): string {
  const word = typeof reason === "string" ? reason : reason.other;
  return before === "" ? word : weakerFinishWord(before, word);
}

/** At least one for each piece of text, else a quarter of its bytes: a floor. */
export function evidencedTokensOf(event: AnswerEvent): number {
  const bytes = textBytesOf(event);
  return bytes === 0 ? 0 : Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));
}

function textBytesOf(event: AnswerEvent): number {
  switch (event.kind) {
    case "text":
    case "refusal":
    case "reasoning":
      return Buffer.byteLength(event.text);
    case "tool_call":
      return Buffer.byteLength(event.name);
    case "tool_arguments":
      return Buffer.byteLength(event.json);
    default:
      return 0;
  }
}

export function failureOf({ code, message, retryAfterMs }: Extract<AnswerEvent, { kind: "failure" }>): Failure {
  return { code, message, param: "", providerStatus: 200, retryAfterMs };
}

export function factsOf({ attemptId, target }: Waybill, nowUnixMs: number): AnswerFacts {
  return { attemptId, model: target?.upstreamModel ?? "", createdUnixSeconds: Math.floor(nowUnixMs / 1_000) };
}
