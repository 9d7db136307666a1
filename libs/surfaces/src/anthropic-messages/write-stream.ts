// The internal form of an answer as it comes -> Messages events: message_start, blocks one after the other, message_delta,
// message_stop. Order: https://docs.anthropic.com/en/docs/build-with-claude/streaming
import { NO_TOKENS, type TokenUsage } from "@waybill/domain";
import type { AnswerEvent } from "../conversation/answer-event.ts";
import { finishWord } from "../conversation/finish-words.ts";
import type { AnswerFacts, AnswerWriter } from "../surface.ts";
import { messageHead, STOP_REASONS, writeUsage } from "./write-answer.ts";

/** A block that is open, or one that waits for its turn. */
interface Block {
  kind: "text" | "thinking" | "sealed" | "tool";
  /** content_block of its start. */
  start: object;
  /** Deltas that wait. */
  waiting: object[];
}

export class MessagesWriter implements AnswerWriter {
  readonly #facts: AnswerFacts;
  #hasBegun = false;
  #index = -1;
  #open: Block | undefined;
  /**
   * Blocks behind an open tool call. Other dialects may go on with an earlier call after a later one began, and here a block that
   * was closed stays closed: so they wait until the answer is over.
   */
  #waiting: Block[] = [];
  readonly #calls: Block[] = [];
  #stop: object = { stop_reason: "end_turn", stop_sequence: null };
  #usage: TokenUsage = NO_TOKENS;

  constructor(facts: AnswerFacts) {
    this.#facts = facts;
  }

  write(event: AnswerEvent): string {
    if ("choice" in event && event.choice > 0) return "";
    switch (event.kind) {
      case "begin":
        return this.#begin(event.id, event.model);
      case "text":
      case "refusal":
        return this.#delta("text", { type: "text", text: "" }, { type: "text_delta", text: event.text });
      case "reasoning":
        return this.#delta("thinking", THINKING, { type: "thinking_delta", thinking: event.text });
      case "reasoning_signature":
        return this.#delta("thinking", THINKING, { type: "signature_delta", signature: event.signature });
      case "reasoning_sealed":
        return this.#next({ kind: "sealed", start: { type: "redacted_thinking", data: event.sealed }, waiting: [] });
      case "tool_call": {
        const start = { type: "tool_use", id: event.id, name: event.name, input: {} };
        const block: Block = { kind: "tool", start, waiting: [] };
        this.#calls[event.call] = block;
        return this.#next(block);
      }
      case "tool_arguments": {
        const block = this.#calls[event.call];
        return block ? this.#into(block, { type: "input_json_delta", partial_json: event.json }) : "";
      }
      case "finish": {
        this.#stop = { stop_reason: finishWord(STOP_REASONS, event.reason), stop_sequence: event.stopSequence || null };
        return this.#begin("", "") + this.#drain();
      }
      case "usage":
        this.#usage = event.usage;
        return "";
      default:
        return "";
    }
  }

  end(note: string | undefined): string {
    const text = JSON.stringify({ type: "message_delta", delta: this.#stop, usage: writeUsage(this.#usage) });
    const noted = note === undefined ? text : `${text.slice(0, -1)},"waybill":${note}}`;
    return `event: message_delta\ndata: ${noted}\n\n${event({ type: "message_stop" })}`;
  }

  #begin(id: string, model: string): string {
    if (this.#hasBegun) return "";
    this.#hasBegun = true;
    const message = {
      ...messageHead(id, model, this.#facts),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      // What is known by now: other providers tell usage at the end, and so does message_delta.
      usage: writeUsage(NO_TOKENS),
    };
    return event({ type: "message_start", message });
  }

  /** Goes on with the newest block if it is of this kind, else opens one. */
  #delta(kind: "text" | "thinking", start: object, delta: object): string {
    const newest = this.#waiting.at(-1) ?? this.#open;
    if (newest?.kind === kind) return this.#into(newest, delta);
    const block: Block = { kind, start, waiting: [] };
    return this.#next(block) + this.#into(block, delta);
  }

  #next(block: Block): string {
    if (this.#open?.kind === "tool") {
      this.#waiting.push(block);
      return "";
    }
    return this.#begin("", "") + this.#close() + this.#start(block);
  }

  #into(block: Block, delta: object): string {
    if (block === this.#open) return event({ type: "content_block_delta", index: this.#index, delta });
    block.waiting.push(delta);
    return "";
  }

  #start(block: Block): string {
    this.#open = block;
    this.#index += 1;
    return event({ type: "content_block_start", index: this.#index, content_block: block.start });
  }

  #close(): string {
    if (!this.#open) return "";
    this.#open = undefined;
    return event({ type: "content_block_stop", index: this.#index });
  }

  #drain(): string {
    let text = this.#close();
    for (const block of this.#waiting) {
      text += this.#start(block);
      for (const delta of block.waiting) text += event({ type: "content_block_delta", index: this.#index, delta });
      text += this.#close();
    }
    this.#waiting = [];
    return text;
  }
}

const THINKING = { type: "thinking", thinking: "", signature: "" };

/** The SDK skips events without their `event:` line. */
function event(data: { type: string } & Record<string, unknown>): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
