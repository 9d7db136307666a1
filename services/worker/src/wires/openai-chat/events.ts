// chat.completion chunks, and whole ones -> the internal form of an answer.
import { WaybillError } from "@waybill/domain";
import { type AnswerEvent, SseSplitter } from "@waybill/surfaces";
import { finishEvents } from "../finish-event.ts";
import { readJson } from "../read-json.ts";
import { indexOf, isObject, objectsOf, textOf, type Values } from "../read-values.ts";
import type { EventReader } from "../wire.ts";
import { readErrorEvent } from "./error.ts";
import { readUsage, usageIn } from "./usage.ts";

const EVENT_BYTES_MAX = 8 * 1024 * 1024;
const CHOICES_MAX = 128;
const CALLS_MAX = 1_024;

export class ChatEvents implements EventReader {
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  #hasBegun = false;
  #isOver = false;
  /** Tool calls whose name was said, as `<choice>.<call>`. */
  readonly #calls = new Set<string>();

  push(chunk: Uint8Array): AnswerEvent[] {
    return this.#splitter.push(chunk).flatMap(({ data }) => (data ? this.#read(data) : []));
  }

  end(): AnswerEvent[] {
    return this.#splitter.end().flatMap(({ data }) => (data ? this.#read(data) : []));
  }

  #read(data: Uint8Array): AnswerEvent[] {
    if (this.#isOver) return [];
    if (data.length <= 16 && Buffer.from(data).toString("utf8").trim() === "[DONE]") {
      this.#isOver = true;
      return [{ kind: "end" }];
    }
    const chunk = readJson(data);
    if (chunk.error !== undefined && chunk.error !== null) {
      this.#isOver = true;
      const { code, message, retryAfterMs } = readErrorEvent(data);
      return [{ kind: "failure", code, message, retryAfterMs }];
    }
    return [
      ...this.#begin(chunk),
      ...objectsOf(chunk.choices).flatMap((choice) => this.#choice(choice)),
      ...usageOf(chunk),
    ];
  }

  /** Azure's first chunk only says what its filters found in the prompt, and has no id. */
  #begin({ id, model, prompt_filter_results: found }: Values): AnswerEvent[] {
    if (this.#hasBegun || (found !== undefined && textOf(id) === "")) return [];
    this.#hasBegun = true;
    return [{ kind: "begin", id: textOf(id), model: textOf(model) }];
  }

  #choice(given: Values): AnswerEvent[] {
    const choice = indexOf(given.index, CHOICES_MAX);
    const { delta, finish_reason: reason, logprobs } = given;
    const events: AnswerEvent[] = isObject(delta) ? this.#delta(choice, delta) : [];
    return [...events, ...logprobsOf(choice, logprobs), ...finishEvents(choice, textOf(reason))];
  }

  #delta(choice: number, { content, refusal, reasoning_content, reasoning, tool_calls: calls }: Values): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const thought = textOf(reasoning_content) || textOf(reasoning);
    if (thought !== "") events.push({ kind: "reasoning", choice, text: thought });
    if (textOf(content) !== "") events.push({ kind: "text", choice, text: textOf(content) });
    if (textOf(refusal) !== "") events.push({ kind: "refusal", choice, text: textOf(refusal) });
    for (const [at, given] of (Array.isArray(calls) ? calls : []).entries()) {
      if (!isObject(given) || !isObject(given.function)) continue;
      const call = indexOf(given.index ?? at, CALLS_MAX);
      const { name, arguments: json } = given.function;
      const known = `${choice}.${call}`;
      if (!this.#calls.has(known)) {
        this.#calls.add(known);
        events.push({ kind: "tool_call", choice, call, id: textOf(given.id), name: textOf(name) });
      }
      if (textOf(json) !== "") events.push({ kind: "tool_arguments", choice, call, json: textOf(json) });
    }
    return events;
  }
}

/** A plain answer. Throws WaybillError upstream_malformed for what is none. */
export function readAnswerEvents(body: Uint8Array): AnswerEvent[] {
  const answer = readJson(body);
  if (answer.error !== undefined && answer.error !== null) {
    const { code, message, retryAfterMs } = readErrorEvent(body);
    return [{ kind: "failure", code, message, retryAfterMs }];
  }
  if (!Array.isArray(answer.choices)) {
    throw new WaybillError("upstream_malformed", { detail: "there are no choices" });
  }
  return [
    { kind: "begin", id: textOf(answer.id), model: textOf(answer.model) },
    ...objectsOf(answer.choices).flatMap(wholeChoice),
    ...usageOf(answer),
    { kind: "end" },
  ];
}

function wholeChoice(given: Values): AnswerEvent[] {
  const choice = indexOf(given.index, CHOICES_MAX);
  const message = isObject(given.message) ? given.message : {};
  const events: AnswerEvent[] = [];
  const thought = textOf(message.reasoning_content) || textOf(message.reasoning);
  if (thought !== "") events.push({ kind: "reasoning", choice, text: thought });
  if (textOf(message.content) !== "") events.push({ kind: "text", choice, text: textOf(message.content) });
  if (textOf(message.refusal) !== "") events.push({ kind: "refusal", choice, text: textOf(message.refusal) });
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.slice(0, CALLS_MAX) : [];
  for (const [call, given] of calls.entries()) {
    if (!isObject(given) || !isObject(given.function)) continue;
    const { name, arguments: json } = given.function;
    events.push({ kind: "tool_call", choice, call, id: textOf(given.id), name: textOf(name) });
    events.push({ kind: "tool_arguments", choice, call, json: textOf(json) });
  }
  return [...events, ...logprobsOf(choice, given.logprobs), ...finishEvents(choice, textOf(given.finish_reason))];
}

function usageOf(chunk: Values): AnswerEvent[] {
  const read = readUsage(usageIn(chunk));
  return read ? [{ kind: "usage", usage: read }] : [];
}

function logprobsOf(choice: number, logprobs: unknown): AnswerEvent[] {
  if (!isObject(logprobs) || !Array.isArray(logprobs.content) || logprobs.content.length === 0) return [];
  return [{ kind: "logprobs", choice, content: logprobs.content }];
}
