// The internal form of an answer as it comes -> Responses events: response.created and in_progress, items with their parts, and the
// whole response at the end. Order: https://platform.openai.com/docs/api-reference/responses-streaming
import type { TokenUsage } from "@waybill/domain";
import type { AnswerEvent, FinishReason } from "../conversation/answer-event.ts";
import type { AnswerFacts, AnswerWriter } from "../surface.ts";
import {
  type ContentPart,
  callItem,
  contentPart,
  type ItemStatus,
  incompleteReason,
  itemId,
  messageItem,
  reasoningItem,
  responseOf,
  summaryPart,
} from "./response.ts";

type Item = { id: string; index: number } & (
  | { kind: "message"; parts: ContentPart[] }
  | { kind: "reasoning"; text: string; signature: string; sealed: string }
  | { kind: "call"; call: { id: string; name: string; argumentsJson: string } }
);
type ItemOf<Kind extends Item["kind"]> = Extract<Item, { kind: Kind }>;

export class ResponsesWriter implements AnswerWriter {
  readonly #facts: AnswerFacts;
  #id: string;
  #model: string;
  #hasBegun = false;
  #sequence = 0;
  #itemCount = 0;
  /** The items as they were told when they were done, by their place. */
  readonly #output: object[] = [];
  /** The message or the thoughts that are being written. */
  #open: ItemOf<"message"> | ItemOf<"reasoning"> | undefined;
  /** Other dialects may go on with an earlier call after a later one began: calls stay open until the answer is over. */
  readonly #calls: ItemOf<"call">[] = [];
  #finish: FinishReason = "stop";
  #usage: TokenUsage | undefined;

  constructor(facts: AnswerFacts) {
    this.#facts = facts;
    this.#id = facts.attemptId;
    this.#model = facts.model;
  }

  write(event: AnswerEvent): string {
    if ("choice" in event && event.choice > 0) return "";
    switch (event.kind) {
      case "begin":
        this.#id = event.id || this.#id;
        this.#model = event.model || this.#model;
        return this.#begin();
      case "text":
      case "refusal":
        return this.#said(event.kind, event.text);
      case "reasoning":
        return this.#thought(event.text);
      case "reasoning_signature": {
        const open = this.#open?.kind === "reasoning" ? { item: this.#open, text: "" } : this.#thoughts();
        open.item.signature += event.signature;
        return open.text;
      }
      case "reasoning_sealed": {
        const closed = this.#begin() + this.#close();
        const { item, text } = this.#thoughts();
        item.sealed = event.sealed;
        return closed + text + this.#close();
      }
      case "tool_call":
        return this.#called(event.call, event.id, event.name);
      case "tool_arguments":
        return this.#argued(event.call, event.json);
      case "logprobs": {
        const part = this.#open?.kind === "message" ? this.#open.parts.at(-1) : undefined;
        if (part?.kind === "text") part.logprobs = [...part.logprobs, ...event.content];
        return "";
      }
      case "finish":
        this.#finish = event.reason;
        return this.#begin() + this.#close() + this.#calls.map((call) => this.#done(call)).join("");
      case "usage":
        this.#usage = event.usage;
        return "";
      default:
        return "";
    }
  }

  end(note: string | undefined): string {
    const reason = incompleteReason(this.#finish);
    const status = reason === undefined ? "completed" : "incomplete";
    const response = JSON.stringify(this.#response(status, reason));
    const noted = note === undefined ? response : `${response.slice(0, -1)},"waybill":${note}}`;
    const type = `response.${status}`;
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#next()},"response":${noted}}\n\n`;
  }

  #begin(): string {
    if (this.#hasBegun) return "";
    this.#hasBegun = true;
    const response = this.#response("in_progress", undefined);
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response });
  }

  #response(status: "in_progress" | "completed" | "incomplete", reason: string | undefined): object {
    const { createdUnixSeconds } = this.#facts;
    const about = { id: this.#id, model: this.#model, createdUnixSeconds };
    return responseOf({ ...about, status, reason, output: this.#output, usage: this.#usage });
  }

  #said(kind: "text" | "refusal", delta: string): string {
    let text = this.#begin();
    if (this.#open?.kind !== "message") text += this.#close();
    let item = this.#open;
    if (item?.kind !== "message") {
      item = { kind: "message", parts: [], ...this.#place("msg") };
      text += this.#add(item, messageItem(item.id, [], "in_progress"));
      this.#open = item;
    }
    let part = item.parts.at(-1);
    if (part?.kind !== kind) {
      if (part) text += this.#partDone(item, part);
      part = kind === "text" ? { kind, text: "", logprobs: [] } : { kind, text: "" };
      item.parts.push(part);
      text += this.#event("response.content_part.added", { ...this.#at(item), part: contentPart(part) });
    }
    part.text += delta;
    const type = kind === "text" ? "response.output_text.delta" : "response.refusal.delta";
    return text + this.#event(type, { ...this.#at(item), delta, ...(kind === "text" && { logprobs: [] }) });
  }

  #thought(delta: string): string {
    const { item, text } = this.#thoughts();
    if (delta === "") return text;
    const isFirst = item.text === "";
    item.text += delta;
    const at = this.#at(item);
    return (
      text +
      (isFirst ? this.#event("response.reasoning_summary_part.added", { ...at, part: summaryPart("") }) : "") +
      this.#event("response.reasoning_summary_text.delta", { ...at, delta })
    );
  }

  /** The open thoughts, or new ones: those that are signed are closed. */
  #thoughts(): { item: ItemOf<"reasoning">; text: string } {
    if (this.#open?.kind === "reasoning" && this.#open.signature === "") return { item: this.#open, text: "" };
    let text = this.#begin() + this.#close();
    const item: ItemOf<"reasoning"> = { kind: "reasoning", text: "", signature: "", sealed: "", ...this.#place("rs") };
    text += this.#add(item, reasoningItem(item.id, item));
    this.#open = item;
    return { item, text };
  }

  #called(number: number, id: string, name: string): string {
    const text = this.#begin() + this.#close();
    const call = { id, name, argumentsJson: "" };
    const item: ItemOf<"call"> = { kind: "call", call, ...this.#place("fc") };
    this.#calls[number] = item;
    return text + this.#add(item, callItem(item.id, call, "in_progress"));
  }

  #argued(number: number, delta: string): string {
    const item = this.#calls[number];
    if (!item || delta === "") return "";
    item.call.argumentsJson += delta;
    return this.#event("response.function_call_arguments.delta", { ...this.#at(item), delta });
  }

  #close(): string {
    const item = this.#open;
    this.#open = undefined;
    return item ? this.#done(item) : "";
  }

  #done(item: Item): string {
    // A function without parameters is called with nothing by some.
    if (item.kind === "call") item.call.argumentsJson ||= "{}";
    const isLast = item.index === this.#itemCount - 1;
    const status = isLast && incompleteReason(this.#finish) !== undefined ? "incomplete" : "completed";
    const whole = wholeItem(item, status);
    this.#output[item.index] = whole;
    return this.#lastOf(item) + this.#event("response.output_item.done", { output_index: item.index, item: whole });
  }

  /** What is told of an item before it is done itself. */
  #lastOf(item: Item): string {
    switch (item.kind) {
      case "message": {
        const part = item.parts.at(-1);
        return part ? this.#partDone(item, part) : "";
      }
      case "reasoning": {
        const { text } = item;
        if (text === "") return "";
        const at = this.#at(item);
        return (
          this.#event("response.reasoning_summary_text.done", { ...at, text }) +
          this.#event("response.reasoning_summary_part.done", { ...at, part: summaryPart(text) })
        );
      }
      case "call": {
        const { name, argumentsJson } = item.call;
        const said = { ...this.#at(item), name, arguments: argumentsJson };
        return this.#event("response.function_call_arguments.done", said);
      }
    }
  }

  #partDone(item: ItemOf<"message">, part: ContentPart): string {
    const at = this.#at(item);
    const whole =
      part.kind === "text"
        ? this.#event("response.output_text.done", { ...at, text: part.text, logprobs: part.logprobs })
        : this.#event("response.refusal.done", { ...at, refusal: part.text });
    return whole + this.#event("response.content_part.done", { ...at, part: contentPart(part) });
  }

  #place(kind: "msg" | "rs" | "fc"): { id: string; index: number } {
    return { id: itemId(kind, this.#facts.attemptId, this.#itemCount), index: this.#itemCount };
  }

  #add(item: Item, shown: object): string {
    this.#itemCount += 1;
    return this.#event("response.output_item.added", { output_index: item.index, item: shown });
  }

  /** Where in the answer an event belongs. */
  #at(item: Item): object {
    const at = { item_id: item.id, output_index: item.index };
    if (item.kind === "message") return { ...at, content_index: item.parts.length - 1 };
    return item.kind === "reasoning" ? { ...at, summary_index: 0 } : at;
  }

  #event(type: string, fields: object): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#next(), ...fields })}\n\n`;
  }

  #next(): number {
    const number = this.#sequence;
    this.#sequence += 1;
    return number;
  }
}

function wholeItem(item: Item, status: ItemStatus): object {
  switch (item.kind) {
    case "message":
      return messageItem(item.id, item.parts, status);
    case "reasoning":
      return reasoningItem(item.id, item);
    case "call":
      return callItem(item.id, item.call, status);
  }
}
