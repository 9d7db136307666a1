// ConverseStream's messages, and whole Converse answers -> the internal form of an answer. Source: ConverseStreamOutput,
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html, and the types of
// @aws-sdk/client-bedrock-runtime 3.1164.0.
import { WaybillError } from "@waybill/domain";
import type { AnswerEvent } from "@waybill/surfaces";
import { type EventMessage, EventStreamSplitter } from "../aws-event-stream.ts";
import { finishEvents } from "../finish-event.ts";
import { readJson } from "../read-json.ts";
import { indexOf, isObject, objectOf, objectsOf, textOf, type Values } from "../read-values.ts";
import type { EventReader } from "../wire.ts";
import { readException, truncated } from "./error.ts";
import { readUsage } from "./usage.ts";

const BLOCKS_MAX = 4_096;
/** Converse answers with one message. */
const CHOICE = 0;

/** The model broke off in what nobody can use: never shown as if it were whole. */
const BROKEN: ReadonlySet<string> = new Set(["malformed_model_output", "malformed_tool_use"]);

/** Complete with `metadata`, which comes behind `messageStop`, or with the end of the body where that never comes. */
export class ConverseEvents implements EventReader {
  readonly #splitter = new EventStreamSplitter();
  /** Tool calls by the number of their block. */
  readonly #calls = new Map<number, { call: number; hasInput: boolean }>();
  #hasBegun = false;
  /** Once the model has stopped: what there is to say when the figures have come. */
  #ending: AnswerEvent | undefined;
  #isOver = false;

  push(chunk: Uint8Array): AnswerEvent[] {
    return this.#splitter.push(chunk).flatMap((message) => this.#read(message));
  }

  end(): AnswerEvent[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    return [this.#ending && !this.#splitter.isInside ? this.#ending : truncated()];
  }

  #read({ headers, payload }: EventMessage): AnswerEvent[] {
    if (this.#isOver) return [];
    const type = headers.get(":message-type") ?? "event";
    if (type !== "event") {
      this.#isOver = true;
      return [readException(headers.get(":exception-type") ?? headers.get(":error-code") ?? "", payload)];
    }
    const events = this.#event(headers.get(":event-type") ?? "", payload.length === 0 ? {} : readJson(payload));
    this.#isOver = events.some(({ kind }) => kind === "failure" || kind === "end");
    return [...this.#begin(), ...events];
  }

  #begin(): AnswerEvent[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    return [{ kind: "begin", id: "", model: "" }];
  }

  #event(type: string, event: Values): AnswerEvent[] {
    const block = indexOf(event.contentBlockIndex, BLOCKS_MAX);
    switch (type) {
      case "contentBlockStart":
        return this.#toolUse(block, objectOf(event.start).toolUse);
      case "contentBlockDelta":
        return this.#delta(block, objectOf(event.delta));
      case "contentBlockStop":
        return this.#blockStop(block);
      case "messageStop": {
        const finish = finishOf(event);
        this.#ending = finish?.kind === "failure" ? finish : { kind: "end" };
        return finish && finish.kind !== "failure" ? [finish] : [];
      }
      case "metadata": {
        const usage = readUsage(event.usage);
        return [...(usage ? [{ kind: "usage", usage } as const] : []), ...(this.#ending ? [this.#ending] : [])];
      }
      default:
        // messageStart says nothing; what is not known yet is not read.
        return [];
    }
  }

  #toolUse(block: number, given: unknown): AnswerEvent[] {
    if (!isObject(given)) return [];
    const call = this.#calls.size;
    this.#calls.set(block, { call, hasInput: false });
    return [{ kind: "tool_call", choice: CHOICE, call, id: textOf(given.toolUseId), name: textOf(given.name) }];
  }

  #delta(block: number, { text, toolUse, reasoningContent }: Values): AnswerEvent[] {
    if (textOf(text) !== "") return [{ kind: "text", choice: CHOICE, text: textOf(text) }];
    if (isObject(reasoningContent)) return reasoningOf(reasoningContent, reasoningContent);
    const json = textOf(objectOf(toolUse).input);
    const begun = this.#calls.get(block);
    if (json === "" || !begun) return [];
    begun.hasInput = true;
    return [{ kind: "tool_arguments", choice: CHOICE, call: begun.call, json }];
  }

  /** A call without arguments may have no input at all. */
  #blockStop(block: number): AnswerEvent[] {
    const begun = this.#calls.get(block);
    if (!begun || begun.hasInput) return [];
    return [{ kind: "tool_arguments", choice: CHOICE, call: begun.call, json: "{}" }];
  }
}

/** A plain answer. Throws WaybillError upstream_malformed for what is none. */
export function readAnswerEvents(body: Uint8Array): AnswerEvent[] {
  const answer = readJson(body);
  const { message } = objectOf(answer.output);
  if (!isObject(message)) throw new WaybillError("upstream_malformed", { detail: "there is no message" });
  const usage = readUsage(answer.usage);
  const finish = finishOf(answer);
  let calls = 0;
  const content = objectsOf(message.content).flatMap((block): AnswerEvent[] => {
    if (isObject(block.toolUse)) calls += 1;
    return wholeBlock(block, calls - 1);
  });
  return [
    { kind: "begin", id: "", model: "" },
    ...content,
    ...(usage ? [{ kind: "usage", usage } as const] : []),
    ...(finish ? [finish] : []),
    ...(finish?.kind === "failure" ? [] : [{ kind: "end" } as const]),
  ];
}

function wholeBlock({ text, toolUse, reasoningContent }: Values, call: number): AnswerEvent[] {
  if (textOf(text) !== "") return [{ kind: "text", choice: CHOICE, text: textOf(text) }];
  if (isObject(reasoningContent)) return reasoningOf(objectOf(reasoningContent.reasoningText), reasoningContent);
  if (!isObject(toolUse)) return [];
  const json = JSON.stringify(objectOf(toolUse.input));
  return [
    { kind: "tool_call", choice: CHOICE, call, id: textOf(toolUse.toolUseId), name: textOf(toolUse.name) },
    { kind: "tool_arguments", choice: CHOICE, call, json },
  ];
}

/** Whole, text and signature stand in one object more than in a stream. */
function reasoningOf({ text, signature }: Values, { redactedContent }: Values): AnswerEvent[] {
  const events: AnswerEvent[] = [];
  if (textOf(text) !== "") events.push({ kind: "reasoning", choice: CHOICE, text: textOf(text) });
  if (textOf(signature) !== "")
    events.push({ kind: "reasoning_signature", choice: CHOICE, signature: textOf(signature) });
  if (textOf(redactedContent) !== "") {
    events.push({ kind: "reasoning_sealed", choice: CHOICE, sealed: textOf(redactedContent) });
  }
  return events;
}

function finishOf({ stopReason, additionalModelResponseFields: more }: Values): AnswerEvent | undefined {
  const said = textOf(stopReason);
  if (BROKEN.has(said)) {
    return {
      kind: "failure",
      code: "upstream_error",
      message: "The model's output could not be used.",
      retryAfterMs: 0,
    };
  }
  return finishEvents(CHOICE, said, { stopSequence: textOf(objectOf(more).stop_sequence) })[0];
}
