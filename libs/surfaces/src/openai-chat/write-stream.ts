// The internal form of an answer as it comes -> chat.completion.chunk events.
import type { TokenUsage } from "@waybill/domain";
import type { AnswerEvent } from "../conversation/answer-event.ts";
import { finishWord } from "../conversation/finish-words.ts";
import type { AnswerFacts, AnswerWriter } from "../surface.ts";
import { chatId, FINISH_REASONS, writeUsage } from "./write-answer.ts";

const DONE = "data: [DONE]\n\n";

export class ChatWriter implements AnswerWriter {
  readonly #facts: AnswerFacts;
  #head: { id: string; object: string; created: number; model: string };
  /** Choices whose role was said. */
  readonly #begun = new Set<number>();
  #usage: TokenUsage | undefined;

  constructor(facts: AnswerFacts) {
    this.#facts = facts;
    this.#head = this.#headOf("", "");
  }

  write(event: AnswerEvent): string {
    switch (event.kind) {
      case "begin":
        this.#head = this.#headOf(event.id, event.model);
        return "";
      case "text":
        return this.#delta(event.choice, { content: event.text });
      case "refusal":
        return this.#delta(event.choice, { refusal: event.text });
      case "reasoning":
        return this.#delta(event.choice, { reasoning_content: event.text });
      case "tool_call": {
        const { call: index, id, name } = event;
        const tool = { index, id, type: "function", function: { name, arguments: "" } };
        return this.#delta(event.choice, { tool_calls: [tool] });
      }
      case "tool_arguments": {
        const tool = { index: event.call, function: { arguments: event.json } };
        return this.#delta(event.choice, { tool_calls: [tool] });
      }
      case "logprobs":
        return this.#chunk(event.choice, {}, null, { content: event.content, refusal: null });
      case "finish":
        return this.#begin(event.choice) + this.#chunk(event.choice, {}, finishWord(FINISH_REASONS, event.reason));
      case "usage":
        this.#usage = event.usage;
        return "";
      default:
        return "";
    }
  }

  end(note: string | undefined): string {
    if (note === undefined || !this.#usage) return DONE;
    const text = JSON.stringify({ ...this.#head, choices: [], usage: writeUsage(this.#usage) });
    return `data: ${text.slice(0, -1)},"waybill":${note}}\n\n${DONE}`;
  }

  #headOf(id: string, model: string) {
    return {
      id: chatId(id, this.#facts),
      object: "chat.completion.chunk",
      created: this.#facts.createdUnixSeconds,
      model: model || this.#facts.model,
    };
  }

  #delta(choice: number, delta: object): string {
    return this.#begin(choice) + this.#chunk(choice, delta, null);
  }

  #begin(choice: number): string {
    if (this.#begun.has(choice)) return "";
    this.#begun.add(choice);
    return this.#chunk(choice, { role: "assistant", content: "" }, null);
  }

  #chunk(index: number, delta: object, finish: string | null, logprobs: object | null = null): string {
    const choices = [{ index, delta, logprobs, finish_reason: finish }];
    return `data: ${JSON.stringify({ ...this.#head, choices })}\n\n`;
  }
}
