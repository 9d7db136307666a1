// The internal form of an answer -> a Message. Source of the fields: @anthropic-ai/sdk 1.12.0, Message and Usage.
import { NO_TOKENS, type TokenUsage } from "@waybill/domain";
import type { Answer, AnswerPart } from "../conversation/answer.ts";
import type { KnownFinish } from "../conversation/answer-event.ts";
import { finishWord } from "../conversation/finish-words.ts";
import type { AnswerFacts } from "../surface.ts";

export const STOP_REASONS: Readonly<Record<KnownFinish, string>> = {
  stop: "end_turn",
  stop_sequence: "stop_sequence",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
  context_full: "model_context_window_exceeded",
};

/** Other choices than the first have no place here, and are never asked for. */
export function writeMessage(answer: Answer, facts: AnswerFacts): object {
  const [choice] = answer.choices;
  return {
    ...messageHead(answer.id, answer.model, facts),
    content: (choice?.parts ?? []).map(writeBlock),
    stop_reason: finishWord(STOP_REASONS, choice?.finish ?? "stop"),
    stop_sequence: choice?.stopSequence || null,
    usage: writeUsage(answer.usage ?? NO_TOKENS),
  };
}

export function messageHead(id: string, model: string, facts: AnswerFacts): object {
  return {
    id: id === "" ? `msg_${facts.attemptId}` : id,
    type: "message",
    role: "assistant",
    model: model || facts.model,
  };
}

function writeBlock(part: AnswerPart): object {
  switch (part.kind) {
    case "text":
    case "refusal":
      return { type: "text", text: part.text };
    case "reasoning":
      if (part.sealed !== "") return { type: "redacted_thinking", data: part.sealed };
      return { type: "thinking", thinking: part.text, signature: part.signature };
    case "tool_call":
      return { type: "tool_use", id: part.id, name: part.name, input: inputOf(part.argumentsJson) };
  }
}

/** Arguments are an object here and a text elsewhere; a model may write one that is no JSON. */
function inputOf(argumentsJson: string): unknown {
  try {
    return argumentsJson === "" ? {} : JSON.parse(argumentsJson);
  } catch {
    return { _unparsed: argumentsJson };
  }
}

/** `input_tokens` leaves out what was read from or written to the cache. */
export function writeUsage(usage: TokenUsage): object {
  const { input, cachedInput, cacheWrite5m, cacheWrite1h, output, reasoningOutput } = usage;
  return {
    input_tokens: Number(input - cachedInput - cacheWrite5m - cacheWrite1h),
    cache_creation_input_tokens: Number(cacheWrite5m + cacheWrite1h),
    cache_read_input_tokens: Number(cachedInput),
    cache_creation: {
      ephemeral_5m_input_tokens: Number(cacheWrite5m),
      ephemeral_1h_input_tokens: Number(cacheWrite1h),
    },
    output_tokens: Number(output),
    ...(reasoningOutput > 0n && { output_tokens_details: { thinking_tokens: Number(reasoningOutput) } }),
  };
}
