// Anthropic's Messages: a message, and its events in Anthropic's order. Formats: @anthropic-ai/sdk 1.12.0, Message and
// RawMessageStreamEvent; https://docs.anthropic.com/en/docs/build-with-claude/streaming
import { type CallPlan, joinedText, type ReportedUsage, type ScriptedRequest, thoughtPieces } from "../plan.ts";
import { readScripted, tokenLimit } from "../request.ts";
import type { AnswerIdentity, ParsedRequest, Voice, VoiceStream } from "./voice.ts";

export const anthropicMessagesVoice: Voice = {
  takes: (path) => path.split("?")[0] === "/v1/messages",
  read,
  answerId: ({ sequence }) => `msg_scripted_${sequence}`,
  errorBody: (message, type) => JSON.stringify({ type: "error", error: { type: errorType(type), message } }),
  plainBody,
  streamType: "text/event-stream; charset=utf-8",
  stream,
};

const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
};

function read(_path: string, body: Buffer): ParsedRequest {
  const parsed = readScripted(body, ({ model, stream, max_tokens }) => ({
    ...{ model, stream: stream === true, includeUsage: true, maxTokens: tokenLimit(max_tokens), choices: 1 },
  }));
  if (!parsed.ok || parsed.request.maxTokens !== undefined) return parsed;
  return { ok: false, status: 400, problem: "max_tokens: Field required" };
}

function errorType(type: string): string {
  return type === "server_error" || type === "scripted_error" ? "api_error" : type;
}

function plainBody(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): string {
  const text = joinedText(plan);
  const blocks = text === "" ? [] : [{ type: "text", text }];
  const calls = plan.toolCalls.map((call, index) => ({
    ...toolUse(call.name, index),
    input: JSON.parse(call.arguments),
  }));
  return JSON.stringify({
    ...head(request, identity),
    content: [...thinking(plan), ...blocks, ...calls],
    stop_reason: STOP_REASONS[plan.finishReason] ?? plan.finishReason,
    stop_sequence: null,
    ...(plan.usage && { usage: usageOf(plan.usage) }),
  });
}

function thinking({ reasoning }: CallPlan): object[] {
  return reasoning ? [{ type: "thinking", thinking: reasoning.text, signature: reasoning.signature }] : [];
}

/** The events of the thinking block, which is the first. */
function thinkingEvents({ reasoning }: CallPlan): string {
  if (!reasoning) return "";
  const deltas = [
    ...thoughtPieces(reasoning).map((piece) => ({ type: "thinking_delta", thinking: piece })),
    { type: "signature_delta", signature: reasoning.signature },
  ];
  return (
    event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "", signature: "" } }) +
    deltas.map((delta) => event("content_block_delta", { index: 0, delta })).join("") +
    event("content_block_stop", { index: 0 })
  );
}

function stream(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity, nowNs: () => bigint): VoiceStream {
  let index = plan.reasoning ? 1 : 0;
  const stamp = (): object => (plan.stamp ? { x_sent_ns: String(nowNs()) } : {});
  return {
    begin() {
      // The output is only begun: message_delta has the sum.
      const usage = plan.usage && { ...usageOf(plan.usage), output_tokens: 1 };
      const message = { ...head(request, identity), content: [], stop_reason: null, stop_sequence: null, usage };
      const start = event("message_start", { message }) + thinkingEvents(plan);
      if (plan.chunks === 0) return start;
      const block = { type: "text", text: "" };
      return start + event("content_block_start", { index, content_block: block }) + event("ping", {});
    },
    content: (at) =>
      event("content_block_delta", { index, delta: { type: "text_delta", text: plan.chunkText(at) }, ...stamp() }),
    toolCalls() {
      if (plan.toolCalls.length === 0) return [];
      const closed = plan.chunks > 0 ? [event("content_block_stop", { index })] : [];
      if (plan.chunks > 0) index += 1;
      const events = plan.toolCalls.flatMap((call, at) => {
        const half = call.arguments.length >> 1;
        const deltas = ["", call.arguments.slice(0, half), call.arguments.slice(half)].map((json) =>
          event("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: json } }),
        );
        const content_block = { ...toolUse(call.name, at), input: {} };
        const block = [event("content_block_start", { index, content_block }), ...deltas];
        if (at < plan.toolCalls.length - 1) {
          block.push(event("content_block_stop", { index }));
          index += 1;
        }
        return block;
      });
      return [...closed, ...events];
    },
    end() {
      const delta = { stop_reason: STOP_REASONS[plan.finishReason] ?? plan.finishReason, stop_sequence: null };
      const hasBlock = plan.chunks > 0 || plan.toolCalls.length > 0;
      const sums = plan.usage && { usage: usageOf(plan.usage) };
      return [
        ...(hasBlock ? [{ text: event("content_block_stop", { index }) }] : []),
        { text: event("message_delta", { delta, ...sums }), ...(plan.usage && { usage: plan.usage }) },
        { text: event("message_stop", {}) },
      ];
    },
    error: (message, type = "api_error") => event("error", { error: { type, message } }),
  };
}

function head({ model }: ScriptedRequest, identity: AnswerIdentity): object {
  return { id: anthropicMessagesVoice.answerId(identity), type: "message", role: "assistant", model };
}

function toolUse(name: string, index: number): object {
  return { type: "tool_use", id: `toolu_scripted_${index}`, name };
}

/** Anthropic's input_tokens leave out what the cache gave or took. */
function usageOf({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens, ...written }: ReportedUsage): object {
  const { cacheWriteTokens, cacheWrite1hTokens } = written;
  return {
    input_tokens: inputTokens - cachedInputTokens - cacheWriteTokens - cacheWrite1hTokens,
    cache_creation_input_tokens: cacheWriteTokens + cacheWrite1hTokens,
    cache_read_input_tokens: cachedInputTokens,
    cache_creation: { ephemeral_5m_input_tokens: cacheWriteTokens, ephemeral_1h_input_tokens: cacheWrite1hTokens },
    output_tokens: outputTokens,
    output_tokens_details: { thinking_tokens: reasoningTokens },
    service_tier: "standard",
  };
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
