// A Messages body -> the internal form. Source of the fields: @anthropic-ai/sdk 1.12.0, MessageCreateParamsBase and
// ContentBlockParam.
import {
  type CacheMark,
  type Conversation,
  EFFORTS,
  type MediaPart,
  type MediaSource,
  type Reasoning,
  type TextPart,
  type Tool,
  type ToolCallPart,
  type ToolChoice,
  type ToolResultPart,
  type Turn,
} from "../conversation/conversation.ts";
import { unplacedFields } from "../conversation/unplaced-fields.ts";
import { invalid, isNumber, isObject, isString, optional, tokenLimit } from "../read-fields.ts";

type Values = Record<string, unknown>;
type AssistantPart = Extract<Turn, { role: "assistant" }>["parts"][number];

/** Fields that are read here or mean nothing to a model. */
const PLACED: ReadonlySet<string> = new Set([
  ...["model", "messages", "system", "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k"],
  ...[
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "routing_config",
    "cache_control",
    "diagnostics",
  ],
]);

/** Throws WaybillError invalid_value that names what cannot be understood, or has no place in another dialect. */
export function readMessagesConversation(body: Values): Conversation {
  const turns: Turn[] = (body.messages as readonly Values[]).map((message, index) =>
    readTurn(message, `messages[${index}]`),
  );
  const { choice, isParallel } = readToolChoice(body.tool_choice);
  const number = (name: string): number | undefined => optional(body, name, isNumber, "a number");
  return {
    system: readTexts(body.system ?? "", "system"),
    turns,
    tools: (optional(body, "tools", Array.isArray, "an array") ?? []).map(readTool),
    toolChoice: choice,
    parallelToolCalls: isParallel,
    format: readFormat(body),
    reasoning: readReasoning(body),
    sampling: {
      temperature: number("temperature"),
      topP: number("top_p"),
      topK: number("top_k"),
      stop: readStop(body),
      seed: undefined,
      presencePenalty: undefined,
      frequencyPenalty: undefined,
    },
    maxOutputTokens: tokenLimit(body, "max_tokens"),
    choiceCount: 1,
    logprobs: undefined,
    endUserId: isObject(body.metadata) && typeof body.metadata.user_id === "string" ? body.metadata.user_id : "",
    unplaced: unplacedFields(body, PLACED),
  };
}

function readTurn({ role, content }: Values, at: string): Turn {
  if (role === "system") return { role, parts: readTexts(content, `${at}.content`) };
  if (role === "user") return { role, parts: readUser(content, `${at}.content`) };
  if (role === "assistant") return { role, parts: readAssistant(content, `${at}.content`) };
  throw invalid(`${at}.role`, "user or assistant");
}

function readTexts(content: unknown, at: string): TextPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content, cache: undefined }];
  return blocksOf(content, at).map(([block, where]) => {
    if (block.type !== "text" || typeof block.text !== "string") throw invalid(where, "a block of type text");
    return { kind: "text", text: block.text, cache: cacheOf(block) };
  });
}

function readUser(content: unknown, at: string): (TextPart | MediaPart | ToolResultPart)[] {
  if (typeof content === "string") return [{ kind: "text", text: content, cache: undefined }];
  return blocksOf(content, at).map(([block, where]) =>
    block.type === "tool_result" ? readToolResult(block, where) : readShown(block, where),
  );
}

function readShown(block: Values, where: string): TextPart | MediaPart {
  const cache = cacheOf(block);
  const { type, text, source, title } = block;
  if (type === "text" && typeof text === "string") return { kind: "text", text, cache };
  if ((type === "image" || type === "document") && isObject(source)) {
    if (source.type === "text" && typeof source.data === "string") return { kind: "text", text: source.data, cache };
    return { kind: type, source: readSource(source, where), name: typeof title === "string" ? title : "", cache };
  }
  throw invalid(where, "a block of type text, image, document or tool_result: no other can be given to this model");
}

function readSource({ type, media_type: mediaType, data, url }: Values, where: string): MediaSource {
  if (type === "base64" && typeof mediaType === "string" && typeof data === "string") {
    return { kind: "inline", mediaType, base64: data };
  }
  if (type === "url" && typeof url === "string") return { kind: "url", url };
  throw invalid(`${where}.source`, "of type base64 or url: stored files cannot be given to this model");
}

function readToolResult(block: Values, where: string): ToolResultPart {
  const { tool_use_id: callId, content = "", is_error: isError } = block;
  if (typeof callId !== "string") throw invalid(`${where}.tool_use_id`, "text");
  const parts =
    typeof content === "string"
      ? readTexts(content, where)
      : blocksOf(content, `${where}.content`).map(([shown, at]) => readShown(shown, at));
  return { kind: "tool_result", callId, parts, isError: isError === true, cache: cacheOf(block) };
}

function readAssistant(content: unknown, at: string): AssistantPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content, cache: undefined }];
  return blocksOf(content, at).map(([block, where]) => {
    const { type, text, thinking, signature, data } = block;
    if (type === "text" && typeof text === "string") return { kind: "text", text, cache: cacheOf(block) };
    if (type === "tool_use") return readToolUse(block, where);
    if (type === "thinking" && typeof thinking === "string") {
      return {
        kind: "reasoning",
        text: thinking,
        signature: typeof signature === "string" ? signature : "",
        sealed: "",
      };
    }
    if (type === "redacted_thinking" && typeof data === "string") {
      return { kind: "reasoning", text: "", signature: "", sealed: data };
    }
    throw invalid(where, "a block of type text, thinking or tool_use: no other can be given to this model");
  });
}

function readToolUse(block: Values, where: string): ToolCallPart {
  const { id, name, input } = block;
  if (typeof id !== "string" || typeof name !== "string") throw invalid(where, "a tool_use with an id and a name");
  return { kind: "tool_call", id, name, argumentsJson: JSON.stringify(input ?? {}), cache: cacheOf(block) };
}

function readTool(tool: unknown, index: number): Tool {
  const at = `tools[${index}]`;
  if (!isObject(tool) || typeof tool.name !== "string") throw invalid(at, "an object with a name");
  const { type, name, description, input_schema: schema, strict } = tool;
  if ((type !== undefined && type !== null && type !== "custom") || !isObject(schema)) {
    throw invalid(at, "a tool with an input_schema: no other kind can be given to this model");
  }
  return {
    name,
    description: typeof description === "string" ? description : "",
    parameters: schema,
    strict: typeof strict === "boolean" ? strict : undefined,
    cache: cacheOf(tool),
  };
}

function readToolChoice(given: unknown): { choice: ToolChoice | undefined; isParallel: boolean | undefined } {
  if (!isObject(given)) return { choice: undefined, isParallel: undefined };
  const isParallel = given.disable_parallel_tool_use === true ? false : undefined;
  switch (given.type) {
    case "auto":
    case "none":
      return { choice: { kind: given.type }, isParallel };
    case "any":
      return { choice: { kind: "required" }, isParallel };
    case "tool":
      if (typeof given.name === "string") return { choice: { kind: "tool", name: given.name }, isParallel };
  }
  throw invalid("tool_choice", "auto, any, none or a tool by its name");
}

function readFormat(body: Values): Conversation["format"] {
  const config = optional(body, "output_config", isObject, "an object");
  if (!isObject(config?.format) || config.format.type !== "json_schema" || !isObject(config.format.schema)) {
    return undefined;
  }
  return { kind: "json_schema", name: "answer", schema: config.format.schema, strict: true };
}

function readReasoning({ thinking, output_config: config }: Values): Reasoning | undefined {
  const effort = EFFORTS.find((known) => isObject(config) && known === config.effort);
  if (isObject(thinking) && thinking.type === "disabled") return { effort: "none", budgetTokens: undefined };
  const budget = isObject(thinking) && isNumber(thinking.budget_tokens) ? thinking.budget_tokens : undefined;
  if (isObject(thinking) && thinking.type === "adaptive")
    return { effort: effort ?? "medium", budgetTokens: undefined };
  return effort || budget !== undefined ? { effort, budgetTokens: budget } : undefined;
}

function readStop({ stop_sequences: stop }: Values): string[] {
  if (stop === undefined || stop === null) return [];
  if (!Array.isArray(stop) || !stop.every(isString)) throw invalid("stop_sequences", "an array of texts");
  return stop;
}

function blocksOf(content: unknown, at: string): [block: Values, where: string][] {
  if (!Array.isArray(content)) throw invalid(at, "text or an array of blocks");
  return content.map((block, index) => {
    if (!isObject(block)) throw invalid(`${at}[${index}]`, "an object with a type");
    return [block, `${at}[${index}]`];
  });
}

function cacheOf({ cache_control: control }: Values): CacheMark {
  if (!isObject(control) || control.type !== "ephemeral") return undefined;
  return control.ttl === "1h" ? "1h" : "5m";
}
