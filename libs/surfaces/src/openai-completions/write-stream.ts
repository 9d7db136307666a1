// The internal form of an answer as it comes -> text_completion events.
import type { TokenUsage } from "@waybill/domain";
import type { AnswerEvent } from "../conversation/answer-event.ts";
import { finishWord } from "../conversation/finish-words.ts";
import { writeUsage } from "../openai-chat/write-answer.ts";
import type { AnswerFacts, AnswerWriter } from "../surface.ts";
import { completionId, FINISH_REASONS } from "./write-answer.ts";

const DONE = "data: [DONE]\n\n";

export class CompletionWriter implements AnswerWriter {
  readonly #facts: AnswerFacts;
  #head: { id: string; object: string; created: number; model: string };
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
      case "refusal":
        return this.#chunk(event.choice, event.text, null);
      case "finish":
        return this.#chunk(event.choice, "", finishWord(FINISH_REASONS, event.reason));
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
      id: completionId(id, this.#facts),
      object: "text_completion",
      created: this.#facts.createdUnixSeconds,
      model: model || this.#facts.model,
    };
  }

  #chunk(index: number, text: string, finish: string | null): string {
    const choices = [{ text, index, logprobs: null, finish_reason: finish }];
    return `data: ${JSON.stringify({ ...this.#head, choices })}\n\n`;
  }
}
