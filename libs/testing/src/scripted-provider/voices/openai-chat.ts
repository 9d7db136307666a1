// OpenAI's Chat Completions: chat.completion, and chat.completion.chunk events in OpenAI's order: role, content, finish, usage,
// [DONE]. Format: openai/openai-openapi openapi.yaml; thoughts as DeepSeek and vLLM tell them, in `reasoning_content`.
import { type CallPlan, joinedText, type ReportedUsage, type ScriptedRequest, thoughtPieces } from "../plan.ts";
import { readChatRequest } from "../request.ts";
import type { AnswerIdentity, Voice, VoiceStream } from "./voice.ts";

/** Azure's two paths: /openai/v1, and a deployment's own, which names the model. Each with a version, where it has one. */
const AZURE = /^\/openai\/(?:v1|deployments\/([^/?]+))\/chat\/completions(?:\?api-version=[\w.-]+)?$/;

export const openAiChatVoice: Voice = {
  takes: (path) => path === "/v1/chat/completions" || AZURE.test(path),
  read: (path, body) => readChatRequest(body, AZURE.exec(path)?.[1]),
  answerId: ({ sequence }) => `chatcmpl-scripted-${sequence}`,
  errorBody,
  plainBody,
  streamType: "text/event-stream; charset=utf-8",
  stream,
};

/** The text of an OpenAI error object. */
export function errorBody(message: string, type: string, code: string | null): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}

function plainBody(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): string {
  const toolCalls =
    plan.toolCalls.length === 0 ? "" : `,"tool_calls":${JSON.stringify(plan.toolCalls.map(toolCallObject))}`;
  const thought = plan.reasoning ? `,"reasoning_content":${JSON.stringify(plan.reasoning.text)}` : "";
  const content = JSON.stringify(joinedText(plan));
  const message = `{"role":"assistant","content":${content},"refusal":null${thought}${toolCalls}}`;
  const finish = `"logprobs":null,"finish_reason":${JSON.stringify(plan.finishReason)}`;
  let choices = "";
  for (let index = 0; index < request.choices; index++) {
    choices += `${index === 0 ? "" : ","}{"index":${index},"message":${message},${finish}}`;
  }
  const usage = plan.usage === undefined ? "" : `,"usage":${usageJson(plan.usage)}`;
  // Put together by hand: JSON.stringify of the whole was the largest part of a call's own cost.
  return (
    `{"id":"${openAiChatVoice.answerId(identity)}","object":"chat.completion","created":${identity.createdSeconds},` +
    `"model":${JSON.stringify(request.model)},"choices":[${choices}]${usage},"system_fingerprint":"scripted"}`
  );
}

function stream(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity, nowNs: () => bigint): VoiceStream {
  const frame = chunkWriter(plan, request, identity, nowNs);
  const event = (data: string): string => `data: ${data}\n\n`;
  const everyChoice = (delta: string, finishReason: string | null): string => {
    let text = "";
    for (let choice = 0; choice < request.choices; choice++) text += event(frame(choice, delta, finishReason));
    return text;
  };
  return {
    begin: () =>
      [
        '{"role":"assistant","content":""}',
        ...(plan.reasoning ? thoughtPieces(plan.reasoning) : []).map((text) =>
          JSON.stringify({ reasoning_content: text }),
        ),
      ]
        .map((delta) => everyChoice(delta, null))
        .join(""),
    content: (index) => everyChoice(`{"content":${JSON.stringify(plan.chunkText(index))}}`, null),
    toolCalls: () => toolCallDeltas(plan).map((delta) => everyChoice(delta, null)),
    end: () => [
      { text: everyChoice("{}", plan.finishReason), ...(plan.usagePlace && plan.usage && { usage: plan.usage }) },
      ...(request.includeUsage && plan.usage !== undefined && plan.usagePlace === undefined
        ? [{ text: event(frame(undefined, "", null)), usage: plan.usage }]
        : []),
      { text: event("[DONE]") },
    ],
    error: (message, type = "server_error") => event(errorBody(message, type, "scripted_error")),
  };
}

function chunkWriter(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity, nowNs: () => bigint) {
  const model = JSON.stringify(request.model);
  const head =
    `{"id":"${openAiChatVoice.answerId(identity)}","object":"chat.completion.chunk","created":${identity.createdSeconds},` +
    `"model":${model},"system_fingerprint":"scripted"`;
  const usageNull = request.includeUsage && plan.usage !== undefined ? ',"usage":null' : "";
  return (choice: number | undefined, delta: string, finishReason: string | null): string => {
    const stamp = plan.stamp ? `,"x_sent_ns":"${nowNs()}"` : "";
    if (choice === undefined) {
      const usage = plan.usage === undefined ? "null" : usageJson(plan.usage);
      return `${head},"choices":[],"usage":${usage}${stamp}}`;
    }
    const finish = finishReason === null ? "null" : JSON.stringify(finishReason);
    const choices = `[{"index":${choice},"delta":${delta},"logprobs":null,"finish_reason":${finish}}]`;
    const usage = finishReason === null || plan.usagePlace === undefined ? usageNull : usageBeside(plan);
    return `${head},"choices":${choices}${usage}${stamp}}`;
  };
}

/** Usage in the chunk of the last choice, where the plan puts it. */
function usageBeside({ usage, usagePlace }: CallPlan): string {
  if (usage === undefined) return "";
  return usagePlace === "x_groq"
    ? `,"x_groq":{"id":"req_scripted","usage":${usageJson(usage)}}`
    : `,"usage":${usageJson(usage)}`;
}

function toolCallDeltas(plan: CallPlan): string[] {
  return plan.toolCalls.flatMap((call, index) => {
    const half = call.arguments.length >> 1;
    const { id, type } = toolCallObject(call, index);
    const first = { index, id, type, function: { name: call.name, arguments: "" } };
    const rest = [call.arguments.slice(0, half), call.arguments.slice(half)];
    return [first, ...rest.map((piece) => ({ index, function: { arguments: piece } }))].map((delta) =>
      JSON.stringify({ tool_calls: [delta] }),
    );
  });
}

function toolCallObject(call: { name: string; arguments: string }, index: number) {
  return { id: `call_scripted_${index}`, type: "function", function: { name: call.name, arguments: call.arguments } };
}

export function usageJson(usage: ReportedUsage): string {
  const cacheWrite = usage.cacheWriteTokens + usage.cacheWrite1hTokens;
  const written = cacheWrite === 0 ? "" : `,"cache_write_tokens":${cacheWrite}`;
  return (
    `{"prompt_tokens":${usage.inputTokens},"completion_tokens":${usage.outputTokens},` +
    `"total_tokens":${usage.inputTokens + usage.outputTokens},` +
    `"prompt_tokens_details":{"cached_tokens":${usage.cachedInputTokens}${written},"audio_tokens":${usage.audioInputTokens ?? 0}},` +
    `"completion_tokens_details":{"reasoning_tokens":${usage.reasoningTokens},"audio_tokens":${usage.audioOutputTokens ?? 0}}}`
  );
}
