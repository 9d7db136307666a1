// The internal form of an answer -> a text_completion. Source of the fields: openai/openai-openapi openapi.yaml,
// CreateCompletionResponse.
import type { Answer, AnswerChoice } from "../conversation/answer.ts";
import type { KnownFinish } from "../conversation/answer-event.ts";
import { finishWord } from "../conversation/finish-words.ts";
import { writeUsage } from "../openai-chat/write-answer.ts";
import type { AnswerFacts } from "../surface.ts";

/** A completion ends for three reasons; no tool can be called in one. */
export const FINISH_REASONS: Readonly<Record<KnownFinish, string>> = {
  stop: "stop",
  stop_sequence: "stop",
  length: "length",
  tool_calls: "stop",
  content_filter: "content_filter",
  context_full: "length",
};

/** Thoughts have no place in a completion and are left out; what a model says instead of an answer is its text. */
export function writeCompletion(answer: Answer, facts: AnswerFacts): object {
  return {
    id: completionId(answer.id, facts),
    object: "text_completion",
    created: facts.createdUnixSeconds,
    model: answer.model || facts.model,
    choices: answer.choices.map(writeChoice),
    ...(answer.usage && { usage: writeUsage(answer.usage) }),
  };
}

export function completionId(id: string, { attemptId }: AnswerFacts): string {
  return id === "" ? `cmpl-${attemptId}` : id;
}

function writeChoice({ parts, finish }: AnswerChoice, index: number): object {
  const text = parts.map((part) => (part.kind === "text" || part.kind === "refusal" ? part.text : "")).join("");
  return { text, index, logprobs: null, finish_reason: finishWord(FINISH_REASONS, finish) };
}
