// The internal form of an answer -> a chat.completion. Source of the fields: openai/openai-openapi openapi.yaml,
// CreateChatCompletionResponse; `reasoning_content` as DeepSeek and vLLM have it.
import type { TokenUsage } from "@waybill/domain";
import type { Answer, AnswerChoice } from "../conversation/answer.ts";
import type { KnownFinish } from "../conversation/answer-event.ts";
import { finishWord } from "../conversation/finish-words.ts";
import type { AnswerFacts } from "../surface.ts";

export const FINISH_REASONS: Readonly<Record<KnownFinish, string>> = {
  stop: "stop",
  stop_sequence: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  context_full: "length",
};

export function writeChatAnswer(answer: Answer, facts: AnswerFacts): object {
  return {
    id: chatId(answer.id, facts),
    object: "chat.completion",
    created: facts.createdUnixSeconds,
    model: answer.model || facts.model,
    choices: answer.choices.map(writeChoice),
    ...(answer.usage && { usage: writeUsage(answer.usage) }),
  };
}

export function chatId(id: string, { attemptId }: AnswerFacts): string {
  return id === "" ? `chatcmpl-${attemptId}` : id;
}

function writeChoice({ parts, finish, logprobs }: AnswerChoice, index: number): object {
  const textOf = (kind: "text" | "refusal" | "reasoning"): string =>
    parts.map((part) => (part.kind === kind ? part.text : "")).join("");
  const calls = parts.filter((part) => part.kind === "tool_call");
  const text = textOf("text");
  const reasoning = textOf("reasoning");
  return {
    index,
    message: {
      role: "assistant",
      content: text === "" && (calls.length > 0 || textOf("refusal") !== "") ? null : text,
      refusal: textOf("refusal") || null,
      ...(reasoning !== "" && { reasoning_content: reasoning }),
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, name, argumentsJson }) => ({
          id,
          type: "function",
          function: { name, arguments: argumentsJson || "{}" },
        })),
      }),
    },
    logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
    finish_reason: finishWord(FINISH_REASONS, finish),
  };
}

export function writeUsage(usage: TokenUsage): object {
  const cacheWrite = usage.cacheWrite5m + usage.cacheWrite1h;
  return {
    prompt_tokens: Number(usage.input),
    completion_tokens: Number(usage.output),
    total_tokens: Number(usage.input + usage.output),
    prompt_tokens_details: {
      cached_tokens: Number(usage.cachedInput),
      ...(cacheWrite > 0n && { cache_write_tokens: Number(cacheWrite) }),
    },
    completion_tokens_details: { reasoning_tokens: Number(usage.reasoningOutput) },
  };
}
