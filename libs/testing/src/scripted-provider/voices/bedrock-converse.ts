// Bedrock's Converse and ConverseStream: JSON, and messages of application/vnd.amazon.eventstream. Format: API reference of
// ConverseStreamOutput, https://smithy.io/2.0/aws/amazon-eventstream.html, and the types of @aws-sdk/client-bedrock-runtime 3.1164.0.
import { type CallPlan, joinedText, type ReportedUsage, type ScriptedRequest, thoughtPieces } from "../plan.ts";
import { readScripted, tokenLimit } from "../request.ts";
import type { ScriptedToolCall } from "../script.ts";
import { eventMessage } from "./event-stream.ts";
import type { ParsedRequest, Piece, Voice, VoiceStream } from "./voice.ts";

const PATH = /^\/model\/([^/?]+)\/converse(-stream)?$/;

/** The plan's words are OpenAI's. */
const STOP: Readonly<Record<string, string>> = {
  stop: "end_turn",
  tool_calls: "tool_use",
  length: "max_tokens",
  content_filter: "content_filtered",
};

const EXCEPTIONS: Readonly<Record<number, string>> = {
  400: "ValidationException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  408: "ModelTimeoutException",
  424: "ModelErrorException",
  429: "ThrottlingException",
  500: "InternalServerException",
  503: "ServiceUnavailableException",
};

const METRICS = { latencyMs: 1 };

export const bedrockConverseVoice: Voice = {
  takes: (path) => PATH.test(path),
  read,
  answerId: ({ sequence }) => `scripted-${sequence}`,
  errorBody: (message) => JSON.stringify({ message }),
  errorHeaders: (status) => ({ "x-amzn-errortype": `${exceptionOf(status)}:http://internal.amazon.com/coral/` }),
  plainBody: (plan) => {
    const text = plan.chunks > 0 ? [{ text: joinedText(plan) }] : [];
    const calls = plan.toolCalls.map((call, index) => ({ toolUse: { ...useOf(call, index), input: inputOf(call) } }));
    return JSON.stringify({
      output: { message: { role: "assistant", content: [...thoughts(plan), ...text, ...calls] } },
      stopReason: stopOf(plan),
      metrics: METRICS,
      ...(plan.usage && { usage: usageOf(plan.usage) }),
    });
  },
  streamType: "application/vnd.amazon.eventstream",
  stream,
};

function read(path: string, body: Buffer): ParsedRequest {
  const [, model, streaming] = PATH.exec(path) ?? [];
  return readScripted(body, ({ inferenceConfig }) => ({
    model: decodeURIComponent(model ?? ""),
    stream: streaming !== undefined,
    includeUsage: true,
    maxTokens: tokenLimit((inferenceConfig as Record<string, unknown> | undefined)?.maxTokens),
    choices: 1,
  }));
}

/** Whole, text and signature stand in one object more than in a stream. */
function thoughts({ reasoning }: CallPlan): object[] {
  return reasoning ? [{ reasoningContent: { reasoningText: { ...reasoning } } }] : [];
}

function thoughtEvents({ reasoning }: CallPlan): Piece[] {
  if (!reasoning) return [];
  const told = [...thoughtPieces(reasoning).map((text) => ({ text })), { signature: reasoning.signature }];
  return [
    ...told.map((reasoningContent) =>
      event("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent } }),
    ),
    event("contentBlockStop", { contentBlockIndex: 0 }),
  ];
}

function stream(plan: CallPlan, _request: ScriptedRequest): VoiceStream {
  const contentBlockIndex = plan.reasoning ? 1 : 0;
  return {
    begin: () => {
      const start = event("messageStart", { role: "assistant" });
      return Buffer.concat([start, ...thoughtEvents(plan)].map((piece) => Buffer.from(piece as Uint8Array)));
    },
    content: (index) => event("contentBlockDelta", { contentBlockIndex, delta: { text: plan.chunkText(index) } }),
    toolCalls: () => [
      ...(plan.chunks > 0 ? [event("contentBlockStop", { contentBlockIndex })] : []),
      ...plan.toolCalls.flatMap((call, index) => callEvents(call, index, contentBlockIndex + 1 + index)),
    ],
    end: () => [
      { text: event("messageStop", { stopReason: stopOf(plan) }) },
      {
        text: event("metadata", { metrics: METRICS, ...(plan.usage && { usage: usageOf(plan.usage) }) }),
        ...(plan.usage && { usage: plan.usage }),
      },
    ],
    error: (message) =>
      eventMessage(
        {
          ":message-type": "exception",
          ":exception-type": "modelStreamErrorException",
          ":content-type": "application/json",
        },
        JSON.stringify({ message, originalStatusCode: 500 }),
      ),
  };
}

/** The input comes in pieces of JSON. */
function callEvents(call: ScriptedToolCall, index: number, contentBlockIndex: number): Piece[] {
  const half = call.arguments.length >> 1;
  return [
    event("contentBlockStart", { contentBlockIndex, start: { toolUse: useOf(call, index) } }),
    ...[call.arguments.slice(0, half), call.arguments.slice(half)].map((input) =>
      event("contentBlockDelta", { contentBlockIndex, delta: { toolUse: { input } } }),
    ),
    event("contentBlockStop", { contentBlockIndex }),
  ];
}

function event(type: string, payload: object): Piece {
  const headers = { ":event-type": type, ":content-type": "application/json", ":message-type": "event" };
  return eventMessage(headers, JSON.stringify(payload));
}

function useOf({ name }: ScriptedToolCall, index: number): object {
  return { toolUseId: `tooluse_scripted_${index}`, name };
}

function inputOf(call: ScriptedToolCall): unknown {
  return JSON.parse(call.arguments);
}

function stopOf({ finishReason }: CallPlan): string {
  return STOP[finishReason] ?? finishReason;
}

function exceptionOf(status: number): string {
  return EXCEPTIONS[status] ?? "InternalServerException";
}

/** Input is counted without what the cache held or took. */
function usageOf({ inputTokens, cachedInputTokens, outputTokens, ...written }: ReportedUsage): object {
  const { cacheWriteTokens, cacheWrite1hTokens } = written;
  const cacheWriteInputTokens = cacheWriteTokens + cacheWrite1hTokens;
  const byLife = [
    { ttl: "5m", inputTokens: cacheWriteTokens },
    { ttl: "1h", inputTokens: cacheWrite1hTokens },
  ];
  const isCached = cachedInputTokens !== 0 || cacheWriteInputTokens !== 0;
  return {
    inputTokens: inputTokens - cachedInputTokens - cacheWriteInputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    ...(isCached && { cacheReadInputTokens: cachedInputTokens, cacheWriteInputTokens }),
    ...(cacheWriteInputTokens !== 0 && { cacheDetails: byLife.filter((detail) => detail.inputTokens > 0) }),
  };
}
