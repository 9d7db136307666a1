// A chat completion body -> the internal form. Source of the fields: openai/openai-openapi openapi.yaml,
// CreateChatCompletionRequest; `reasoning_content` and `cache_control` as DeepSeek and OpenRouter add them.
import {
  type CacheMark,
  type Conversation,
  EFFORTS,
  type Format,
  type MediaPart,
  type TextPart,
  type Tool,
  type ToolCallPart,
  type ToolChoice,
  type ToolResultPart,
  type Turn,
} from "../conversation/conversation.ts";
import { unplacedFields } from "../conversation/unplaced-fields.ts";
import { invalid, isBoolean, isNumber, isObject, isString, optional, tokenLimit } from "../read-fields.ts";
import { readSampling } from "../read-sampling.ts";
import { readDataUrl } from "./data-url.ts";

type Values = Record<string, unknown>;

/** Fields that are read here or mean nothing to a model. */
const PLACED: ReadonlySet<string> = new Set([
  ...["model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "user"],
  ...[
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
  ],
  ...[
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "response_format",
    "reasoning_effort",
  ],
  ...["metadata", "routing_config", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"],
]);

/** Throws WaybillError invalid_value that names what cannot be understood. */
export function readChatConversation(body: Values): Conversation {
  const { system, turns } = readMessages(body.messages as readonly Values[]);
  const effort = EFFORTS.find((known) => known === body.reasoning_effort);
  return {
    system,
    turns,
    tools: readTools(body),
    toolChoice: readToolChoice(body),
    parallelToolCalls: optional(body, "parallel_tool_calls", isBoolean, "true or false"),
    format: readFormat(body),
    reasoning: effort && { effort, budgetTokens: undefined },
    sampling: readSampling(body),
    maxOutputTokens: tokenLimit(body, "max_completion_tokens") ?? tokenLimit(body, "max_tokens"),
    choiceCount: optional(body, "n", isNumber, "a number") ?? 1,
    logprobs: body.logprobs === true ? (optional(body, "top_logprobs", isNumber, "a number") ?? 0) : undefined,
    endUserId: optional(body, "user", isString, "text") ?? "",
    unplaced: unplacedFields(body, PLACED),
  };
}

function readMessages(messages: readonly Values[]): Pick<Conversation, "system" | "turns"> {
  const system: TextPart[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    const { role } = message;
    if (role === "system" || role === "developer") {
      const parts = readTexts(message.content, `${at}.content`);
      if (turns.length === 0) system.push(...parts);
      else turns.push({ role: "system", parts });
    } else if (role === "user") addUserParts(turns, readUserParts(message.content, `${at}.content`));
    else if (role === "assistant") turns.push({ role: "assistant", parts: readAssistant(message, at) });
    else if (role === "tool" || role === "function") addUserParts(turns, [readToolResult(message, at)]);
    else throw invalid(`${at}.role`, "system, developer, user, assistant or tool");
  }
  return { system, turns };
}

/** Results of one turn's calls are messages of their own here; they are one turn. */
function addUserParts(turns: Turn[], parts: (TextPart | MediaPart | ToolResultPart)[]): void {
  const last = turns.at(-1);
  if (last?.role === "user" && last.parts.every(({ kind }) => kind === "tool_result")) last.parts.push(...parts);
  else turns.push({ role: "user", parts });
}

function readTexts(content: unknown, at: string): TextPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content, cache: undefined }];
  return partsOf(content, at).map(([part, where]) => {
    if (part.type !== "text" || typeof part.text !== "string") throw invalid(where, "a part of type text");
    return { kind: "text", text: part.text, cache: cacheOf(part) };
  });
}

function readUserParts(content: unknown, at: string): (TextPart | MediaPart)[] {
  if (typeof content === "string") return [{ kind: "text", text: content, cache: undefined }];
  return partsOf(content, at).map(([part, where]) => {
    const { type } = part;
    if (type === "text" && typeof part.text === "string")
      return { kind: "text", text: part.text, cache: cacheOf(part) };
    const media = readMedia(part, where);
    if (!media) throw invalid(where, "a part of type text, image_url, input_audio or file, with its data in it");
    return media;
  });
}

function readMedia(part: Values, where: string): MediaPart | undefined {
  const cache = cacheOf(part);
  const { image_url: image, input_audio: audio, file } = part;
  if (part.type === "image_url") {
    const url = isObject(image) ? image.url : image;
    if (typeof url !== "string") return undefined;
    return { kind: "image", source: readDataUrl(url, `${where}.image_url`), name: "", cache };
  }
  if (part.type === "input_audio" && isObject(audio) && typeof audio.data === "string") {
    const mediaType = audio.format === "mp3" ? "audio/mpeg" : `audio/${String(audio.format ?? "wav")}`;
    return { kind: "audio", source: { kind: "inline", mediaType, base64: audio.data }, name: "", cache };
  }
  if (part.type === "file" && isObject(file) && typeof file.file_data === "string") {
    const source = readDataUrl(file.file_data, `${where}.file`);
    return { kind: "document", source, name: typeof file.filename === "string" ? file.filename : "", cache };
  }
  return undefined;
}

function readAssistant(message: Values, at: string): Extract<Turn, { role: "assistant" }>["parts"] {
  const parts: Extract<Turn, { role: "assistant" }>["parts"] = [];
  const { content, refusal, reasoning_content: reasoning, tool_calls: calls, function_call: call } = message;
  if (typeof reasoning === "string" && reasoning !== "") {
    parts.push({ kind: "reasoning", text: reasoning, signature: "", sealed: "" });
  }
  if (content !== undefined && content !== null) parts.push(...readAssistantTexts(content, `${at}.content`));
  if (typeof refusal === "string" && refusal !== "") parts.push({ kind: "text", text: refusal, cache: undefined });
  if (calls !== undefined && calls !== null) {
    if (!Array.isArray(calls)) throw invalid(`${at}.tool_calls`, "an array");
    parts.push(...calls.map((each, index) => readToolCall(each, `${at}.tool_calls[${index}]`)));
  }
  if (isObject(call)) parts.push(toolCall("function_call", call, `${at}.function_call`));
  return parts;
}

function readAssistantTexts(content: unknown, at: string): TextPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content, cache: undefined }];
  return partsOf(content, at).map(([part, where]) => {
    const text = part.type === "refusal" ? part.refusal : part.text;
    if (typeof text !== "string") throw invalid(where, "a part of type text or refusal");
    return { kind: "text", text, cache: cacheOf(part) };
  });
}

function readToolCall(call: unknown, at: string): ToolCallPart {
  if (!isObject(call) || !isObject(call.function)) throw invalid(at, "a call of a function");
  return toolCall(String(call.id ?? ""), call.function, at);
}

function toolCall(id: string, called: Values, at: string): ToolCallPart {
  const { name, arguments: argumentsJson } = called;
  if (typeof name !== "string") throw invalid(`${at}.function.name`, "text");
  const isText = typeof argumentsJson === "string" && argumentsJson.trim() !== "";
  return { kind: "tool_call", id, name, argumentsJson: isText ? argumentsJson : "{}", cache: undefined };
}

function readToolResult(message: Values, at: string): ToolResultPart {
  const callId = message.role === "function" ? "function_call" : message.tool_call_id;
  if (typeof callId !== "string") throw invalid(`${at}.tool_call_id`, "text");
  const parts = readTexts(message.content ?? "", `${at}.content`);
  return { kind: "tool_result", callId, parts, isError: false, cache: undefined };
}

function readTools(body: Values): Tool[] {
  const given = optional(body, "tools", Array.isArray, "an array") ?? [];
  const older = optional(body, "functions", Array.isArray, "an array") ?? [];
  return [
    ...given.map((tool: unknown, index) => {
      if (!isObject(tool) || tool.type !== "function" || !isObject(tool.function)) {
        throw invalid(`tools[${index}]`, "a tool of type function: no other kind can be given to this model");
      }
      return toTool(tool.function, `tools[${index}].function`, cacheOf(tool));
    }),
    ...older.map((tool: unknown, index) => {
      if (!isObject(tool)) throw invalid(`functions[${index}]`, "an object");
      return toTool(tool, `functions[${index}]`, undefined);
    }),
  ];
}

function toTool(given: Values, at: string, cache: CacheMark): Tool {
  const { name, description, parameters, strict } = given;
  if (typeof name !== "string") throw invalid(`${at}.name`, "text");
  return {
    name,
    description: typeof description === "string" ? description : "",
    parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
    strict: typeof strict === "boolean" ? strict : undefined,
    cache,
  };
}

function readToolChoice({ tool_choice: choice, function_call: older }: Values): ToolChoice | undefined {
  const given = choice ?? older;
  if (given === "auto" || given === "none" || given === "required") return { kind: given };
  if (!isObject(given)) return undefined;
  const named = isObject(given.function) ? given.function.name : given.name;
  if (typeof named === "string") return { kind: "tool", name: named };
  throw invalid("tool_choice", "none, auto, required or a function by its name");
}

function readFormat(body: Values): Format | undefined {
  const format = optional(body, "response_format", isObject, "an object");
  if (format?.type === "json_object") return { kind: "json" };
  if (format?.type !== "json_schema") return undefined;
  const { json_schema: given } = format;
  if (!isObject(given) || !isObject(given.schema)) throw invalid("response_format.json_schema", "a schema with a name");
  const { name, schema, strict } = given;
  return {
    kind: "json_schema",
    name: typeof name === "string" ? name : "answer",
    schema,
    strict: typeof strict === "boolean" ? strict : undefined,
  };
}

function partsOf(content: unknown, at: string): [part: Values, where: string][] {
  if (!Array.isArray(content)) throw invalid(at, "text or an array of parts");
  return content.map((part, index) => {
    if (!isObject(part)) throw invalid(`${at}[${index}]`, "an object with a type");
    return [part, `${at}[${index}]`];
  });
}

function cacheOf({ cache_control: control }: Values): CacheMark {
  if (!isObject(control) || control.type !== "ephemeral") return undefined;
  return control.ttl === "1h" ? "1h" : "5m";
}
