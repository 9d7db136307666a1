// Messages events, and whole messages -> the internal form of an answer.
import { WaybillError } from "@waybill/domain";
import { type AnswerEvent, SseSplitter } from "@waybill/surfaces";
import { finishEvents } from "../finish-event.ts";
import { readJson } from "../read-json.ts";
import { isObject, textOf, type Values } from "../read-values.ts";
import type { EventReader } from "../wire.ts";
import { readErrorEvent } from "./error.ts";
import { readUsage } from "./usage.ts";

const EVENT_BYTES_MAX = 8 * 1024 * 1024;

export class MessagesEvents implements EventReader {
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  #startUsage: unknown;
  #isOver = false;
  #calls = 0;
  /** The tool call of each open block, by the block's index. */
  readonly #callOfBlock = new Map<unknown, number>();

  push(chunk: Uint8Array): AnswerEvent[] {
    return this.#splitter.push(chunk).flatMap(({ data }) => (data ? this.#read(data) : []));
  }

  end(): AnswerEvent[] {
    return this.#splitter.end().flatMap(({ data }) => (data ? this.#read(data) : []));
  }

  #read(data: Uint8Array): AnswerEvent[] {
    if (this.#isOver) return [];
    const event = readJson(data);
    switch (event.type) {
      case "message_start": {
        const message = isObject(event.message) ? event.message : {};
        this.#startUsage = message.usage;
        return [{ kind: "begin", id: textOf(message.id), model: textOf(message.model) }, ...usageOf(message.usage)];
      }
      case "content_block_start":
        return isObject(event.content_block) ? this.#blockStart(event.index, event.content_block) : [];
      case "content_block_delta":
        return isObject(event.delta) ? this.#blockDelta(event.index, event.delta) : [];
      case "message_delta":
        return [...usageOf(this.#startUsage, event.usage), ...(isObject(event.delta) ? finishOf(event.delta) : [])];
      case "message_stop":
        this.#isOver = true;
        return [{ kind: "end" }];
      case "error": {
        this.#isOver = true;
        const { code, message, retryAfterMs } = readErrorEvent(data);
        return [{ kind: "failure", code, message, retryAfterMs }];
      }
      default:
        return [];
    }
  }

  #blockStart(index: unknown, block: Values): AnswerEvent[] {
    if (block.type === "tool_use") {
      const call = this.#calls;
      this.#calls += 1;
      this.#callOfBlock.set(index, call);
      return [{ kind: "tool_call", choice: 0, call, id: textOf(block.id), name: textOf(block.name) }];
    }
    if (block.type === "redacted_thinking")
      return [{ kind: "reasoning_sealed", choice: 0, sealed: textOf(block.data) }];
    const text = textOf(block.text);
    return block.type === "text" && text !== "" ? [{ kind: "text", choice: 0, text }] : [];
  }

  #blockDelta(index: unknown, delta: Values): AnswerEvent[] {
    switch (delta.type) {
      case "text_delta":
        return [{ kind: "text", choice: 0, text: textOf(delta.text) }];
      case "thinking_delta":
        return [{ kind: "reasoning", choice: 0, text: textOf(delta.thinking) }];
      case "signature_delta":
        return [{ kind: "reasoning_signature", choice: 0, signature: textOf(delta.signature) }];
      case "input_json_delta": {
        const call = this.#callOfBlock.get(index);
        const json = textOf(delta.partial_json);
        return call === undefined || json === "" ? [] : [{ kind: "tool_arguments", choice: 0, call, json }];
      }
      default:
        return [];
    }
  }
}

/** A plain answer. Throws WaybillError upstream_malformed for what is none. */
export function readAnswerEvents(body: Uint8Array): AnswerEvent[] {
  const message = readJson(body);
  if (message.type === "error") {
    const { code, message: said, retryAfterMs } = readErrorEvent(body);
    return [{ kind: "failure", code, message: said, retryAfterMs }];
  }
  if (!Array.isArray(message.content)) throw new WaybillError("upstream_malformed", { detail: "there is no content" });
  let calls = 0;
  const events: AnswerEvent[] = [{ kind: "begin", id: textOf(message.id), model: textOf(message.model) }];
  for (const block of message.content.filter(isObject)) {
    if (block.type === "text") events.push({ kind: "text", choice: 0, text: textOf(block.text) });
    else if (block.type === "thinking") {
      events.push({ kind: "reasoning", choice: 0, text: textOf(block.thinking) });
      events.push({ kind: "reasoning_signature", choice: 0, signature: textOf(block.signature) });
    } else if (block.type === "redacted_thinking") {
      events.push({ kind: "reasoning_sealed", choice: 0, sealed: textOf(block.data) });
    } else if (block.type === "tool_use") {
      const json = JSON.stringify(block.input ?? {});
      events.push({ kind: "tool_call", choice: 0, call: calls, id: textOf(block.id), name: textOf(block.name) });
      events.push({ kind: "tool_arguments", choice: 0, call: calls, json });
      calls += 1;
    }
  }
  return [...events, ...usageOf(message.usage), ...finishOf(message), { kind: "end" }];
}

function finishOf({ stop_reason: reason, stop_sequence: sequence }: Values): AnswerEvent[] {
  return finishEvents(0, textOf(reason), { stopSequence: textOf(sequence) });
}

function usageOf(...given: unknown[]): AnswerEvent[] {
  const usage = readUsage(...given);
  return usage ? [{ kind: "usage", usage }] : [];
}
