// The internal form -> a chat completion request. Source of the fields: openai/openai-openapi openapi.yaml,
// CreateChatCompletionRequest.
import {
  type Conversation,
  hasCacheMarks,
  type MediaPart,
  type TextPart,
  type Tool,
  type ToolChoice,
  type ToolResultPart,
  type Turn,
  toDataUrl,
} from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import type { WrittenRequest } from "../wire.ts";
import { limitField, limitPerChoice } from "./patch.ts";

/** OpenAI refuses a longer `user`, and Claude Code's names are longer. */
const USER_CHARACTERS_MAX = 64;

export function writeChat(conversation: Conversation, waybill: Waybill): WrittenRequest {
  const { sampling, reasoning, tools, format } = conversation;
  const upstreamModel = waybill.target?.upstreamModel ?? "";
  const dropped: string[] = [];
  if (sampling.topK !== undefined) dropped.push("top_k");
  if (reasoning?.budgetTokens !== undefined && !reasoning.effort) dropped.push("thinking");
  // What is cached these providers decide by themselves.
  if (hasCacheMarks(conversation)) dropped.push("cache_control");
  const limit = waybill.maxOutputTokens > 0n ? Number(limitPerChoice(waybill)) : conversation.maxOutputTokens;
  const body = {
    model: upstreamModel,
    messages: [...systemMessages(conversation), ...conversation.turns.flatMap(writeTurn)],
    stream: waybill.stream || undefined,
    stream_options: waybill.stream ? { include_usage: true } : undefined,
    [limitField(upstreamModel)]: limit,
    n: conversation.choiceCount > 1 ? conversation.choiceCount : undefined,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    stop: sampling.stop.length > 0 ? sampling.stop : undefined,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logprobs: conversation.logprobs === undefined ? undefined : true,
    top_logprobs: conversation.logprobs || undefined,
    tools: tools.length > 0 ? tools.map(writeTool) : undefined,
    tool_choice: writeToolChoice(conversation.toolChoice),
    parallel_tool_calls: tools.length > 0 ? conversation.parallelToolCalls : undefined,
    response_format: writeFormat(format),
    reasoning_effort: reasoning?.effort,
    user: conversation.endUserId.length <= USER_CHARACTERS_MAX ? conversation.endUserId || undefined : undefined,
  };
  return { body, dropped };
}

function systemMessages({ system }: Conversation): object[] {
  return system.length === 0 ? [] : [{ role: "system", content: textOf(system) }];
}

function writeTurn(turn: Turn): object[] {
  if (turn.role === "system") return [{ role: "system", content: textOf(turn.parts) }];
  if (turn.role === "assistant") return [writeAssistant(turn.parts)];
  const results = turn.parts.filter((part) => part.kind === "tool_result");
  const others = turn.parts.filter((part) => part.kind !== "tool_result");
  const shown = results.flatMap(mediaOf);
  const content = [...shown, ...others];
  return [
    ...results.map(writeToolResult),
    ...(content.length > 0 ? [{ role: "user", content: writeUser(content) }] : []),
  ];
}

function writeUser(parts: readonly (TextPart | MediaPart)[]): string | object[] {
  return parts.every((part) => part.kind === "text") ? textOf(parts) : parts.map(writePart);
}

function writePart(part: TextPart | MediaPart): object {
  if (part.kind === "text") return { type: "text", text: part.text };
  if (part.kind === "image") return { type: "image_url", image_url: { url: toDataUrl(part.source) } };
  if (part.kind === "audio" && part.source.kind === "inline") {
    const format = part.source.mediaType === "audio/mpeg" ? "mp3" : part.source.mediaType.replace("audio/", "");
    return { type: "input_audio", input_audio: { data: part.source.base64, format } };
  }
  const file = { file_data: toDataUrl(part.source), filename: part.name || "document" };
  return { type: "file", file };
}

/** A tool's message holds text only; what else a result shows follows as the user's. */
function writeToolResult({ callId, parts, isError }: ToolResultPart): object {
  const texts = parts.filter((part) => part.kind === "text");
  const content = textOf(texts);
  return { role: "tool", tool_call_id: callId, content: isError ? `Error: ${content}` : content };
}

function mediaOf({ parts }: ToolResultPart): MediaPart[] {
  return parts.filter((part) => part.kind !== "text");
}

function writeAssistant(parts: Extract<Turn, { role: "assistant" }>["parts"]): object {
  const text = textOf(parts.filter((part) => part.kind === "text"));
  const calls = parts.filter((part) => part.kind === "tool_call");
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, argumentsJson }) => ({
        id,
        type: "function",
        function: { name, arguments: argumentsJson },
      })),
    }),
  };
}

function writeTool({ name, description, parameters, strict }: Tool): object {
  return {
    type: "function",
    function: { name, ...(description !== "" && { description }), parameters, ...(strict !== undefined && { strict }) },
  };
}

function writeToolChoice(choice: ToolChoice | undefined): unknown {
  if (choice?.kind !== "tool") return choice?.kind;
  return { type: "function", function: { name: choice.name } };
}

function writeFormat(format: Conversation["format"]): object | undefined {
  if (format?.kind === "json") return { type: "json_object" };
  if (format?.kind !== "json_schema") return undefined;
  const { name, schema, strict } = format;
  return { type: "json_schema", json_schema: { name, schema, ...(strict !== undefined && { strict }) } };
}

function textOf(parts: readonly TextPart[]): string {
  return parts.map(({ text }) => text).join("\n\n");
}
