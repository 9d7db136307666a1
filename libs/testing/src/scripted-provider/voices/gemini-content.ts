// Gemini's generateContent and streamGenerateContent?alt=sse: GenerateContentResponse, whole or in pieces, without any mark of the
// end. Format: https://ai.google.dev/api/generate-content and the types of @google/genai 2.32.0; errors: google/rpc/status.proto.
import { type CallPlan, joinedText, type ReportedUsage, type ScriptedRequest } from "../plan.ts";
import { readScripted, tokenLimit } from "../request.ts";
import type { AnswerIdentity, ParsedRequest, Voice, VoiceStream } from "./voice.ts";

const PATH = /^\/v1(?:beta)?\/models\/([^/:?]+):(generateContent|streamGenerateContent\?alt=sse)$/;

/** The plan's words are OpenAI's. A turn that ends with calls has no reason of its own here. */
const FINISH: Readonly<Record<string, string>> = {
  stop: "STOP",
  tool_calls: "STOP",
  length: "MAX_TOKENS",
  content_filter: "SAFETY",
};

/** google.rpc.Code by HTTP status. */
const STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

export const geminiContentVoice: Voice = {
  takes: (path) => PATH.test(path),
  read,
  answerId: ({ sequence }) => `scripted-${sequence}`,
  errorBody: (message, _type, _code, status) => JSON.stringify({ error: errorOf(message, status) }),
  plainBody: (plan, request, identity) => {
    const text = plan.chunks > 0 ? [{ text: joinedText(plan), ...textSignature(plan) }] : [];
    const parts = [...thoughtParts(plan), ...text, ...callParts(plan)];
    return JSON.stringify(responseOf(request, identity, parts, finishOf(plan), plan.usage));
  },
  streamType: "text/event-stream",
  stream,
};

function read(path: string, body: Buffer): ParsedRequest {
  const [, model, method] = PATH.exec(path) ?? [];
  return readScripted(body, ({ generationConfig }) => {
    const config = (generationConfig ?? {}) as Record<string, unknown>;
    return {
      model: decodeURIComponent(model ?? ""),
      stream: method !== "generateContent",
      includeUsage: true,
      maxTokens: tokenLimit(config.maxOutputTokens),
      choices: config.candidateCount ?? 1,
    };
  });
}

function stream(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): VoiceStream {
  const event = (parts: object[], finish?: string, usage?: ReportedUsage): string =>
    `data: ${JSON.stringify(responseOf(request, identity, parts, finish, usage))}\r\n\r\n`;
  return {
    begin: () =>
      thoughtParts(plan)
        .map((part) => event([part]))
        .join(""),
    content: (index) => event([{ text: plan.chunkText(index) }]),
    toolCalls: () => callParts(plan).map((part) => event([part])),
    end: () => [
      {
        text: event([{ text: "", ...textSignature(plan) }], finishOf(plan), plan.usage),
        ...(plan.usage && { usage: plan.usage }),
      },
    ],
    // In the middle of a stream an error comes without `data:`.
    error: (message) => JSON.stringify({ error: errorOf(message, 503) }),
  };
}

function responseOf(
  { model, choices }: ScriptedRequest,
  identity: AnswerIdentity,
  parts: object[],
  finishReason: string | undefined,
  usage: ReportedUsage | undefined,
): object {
  const candidate = { content: { parts, role: "model" }, ...(finishReason !== undefined && { finishReason }) };
  return {
    candidates: Array.from({ length: choices }, (_, index) => ({ ...candidate, index })),
    ...(usage && { usageMetadata: usageOf(usage) }),
    modelVersion: model,
    responseId: geminiContentVoice.answerId(identity),
  };
}

function thoughtParts({ reasoning }: CallPlan): object[] {
  return reasoning ? [{ text: reasoning.text, thought: true }] : [];
}

/** A thought's signature is on the first call, else on the last of the text. */
function textSignature({ reasoning, toolCalls }: CallPlan): object {
  return reasoning && toolCalls.length === 0 ? { thoughtSignature: reasoning.signature } : {};
}

/** A call comes whole; the first of a turn carries the thought that led to it. */
function callParts(plan: CallPlan): object[] {
  return plan.toolCalls.map(({ name, arguments: json }, index) => ({
    functionCall: { id: `call_scripted_${index}`, name, args: JSON.parse(json) as unknown },
    ...(index === 0 && {
      thoughtSignature: plan.reasoning?.signature ?? Buffer.from("scripted signature").toString("base64"),
    }),
  }));
}

function finishOf({ finishReason }: CallPlan): string {
  return FINISH[finishReason] ?? finishReason;
}

function usageOf({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens }: ReportedUsage): object {
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens - reasoningTokens,
    totalTokenCount: inputTokens + outputTokens,
    ...(cachedInputTokens !== 0 && { cachedContentTokenCount: cachedInputTokens }),
    ...(reasoningTokens !== 0 && { thoughtsTokenCount: reasoningTokens }),
  };
}

function errorOf(message: string, code: number): object {
  const status = STATUS[code] ?? "UNKNOWN";
  if (code !== 429) return { code, message, status };
  const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" };
  return { code, message, status, details: [retry] };
}
