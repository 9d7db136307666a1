// A Responses body -> the internal form. Source of the fields: openai 6.49.0, ResponseCreateParamsBase.
import { type Conversation, EFFORTS, type Format, type Tool, type ToolChoice } from "../conversation/conversation.ts";
import { unplacedFields } from "../conversation/unplaced-fields.ts";
import { invalid, isBoolean, isNumber, isObject, isString, optional, tokenLimit } from "../read-fields.ts";
import { readItems } from "./read-items.ts";

type Values = Record<string, unknown>;

/** Fields that are read here or mean nothing to a model. */
const PLACED: ReadonlySet<string> = new Set([
  ...["model", "input", "instructions", "stream", "stream_options", "max_output_tokens", "temperature", "top_p"],
  ...["top_logprobs", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "include"],
  ...["background", "metadata", "user", "safety_identifier", "store", "routing_config"],
  ...["prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"],
]);
const LOGPROBS = "message.output_text.logprobs";

/** Throws WaybillError invalid_value that names what cannot be understood, or has no place in another dialect. */
export function readResponsesConversation(body: Values): Conversation {
  if (body.prompt !== undefined && body.prompt !== null) {
    throw invalid("prompt", "left out: a stored prompt cannot be given to this model");
  }
  const { system, turns } = readItems(body.input);
  const instructions = optional(body, "instructions", isString, "text") ?? "";
  const { tools, toolChoice } = readTools(body);
  const number = (name: string): number | undefined => optional(body, name, isNumber, "a number");
  const text = optional(body, "text", isObject, "an object");
  return {
    system: [
      ...(instructions === "" ? [] : [{ kind: "text" as const, text: instructions, cache: undefined }]),
      ...system,
    ],
    turns,
    tools,
    toolChoice,
    parallelToolCalls: optional(body, "parallel_tool_calls", isBoolean, "true or false"),
    format: readFormat(text?.format),
    reasoning: readReasoning(body),
    sampling: {
      temperature: number("temperature"),
      topP: number("top_p"),
      topK: undefined,
      stop: [],
      seed: undefined,
      presencePenalty: undefined,
      frequencyPenalty: undefined,
    },
    maxOutputTokens: tokenLimit(body, "max_output_tokens"),
    choiceCount: 1,
    logprobs: readLogprobs(body),
    endUserId: optional(body, "safety_identifier", isString, "text") ?? optional(body, "user", isString, "text") ?? "",
    unplaced: unplacedOf(body, text),
  };
}

/** A wish to have input cut is the only truncation that changes anything. */
function unplacedOf(body: Values, text: Values | undefined): string[] {
  const names = unplacedFields(body, PLACED).filter((name) => name !== "truncation" || body.truncation !== "disabled");
  const hasVerbosity = text?.verbosity !== undefined && text.verbosity !== null;
  return hasVerbosity ? [...names, "text.verbosity"] : names;
}

function readTools(body: Values): { tools: Tool[]; toolChoice: ToolChoice | undefined } {
  const tools = (optional(body, "tools", Array.isArray, "an array") ?? []).map(readTool);
  const { tool_choice: choice } = body;
  if (choice === undefined || choice === null) return { tools, toolChoice: undefined };
  if (choice === "auto" || choice === "none" || choice === "required") return { tools, toolChoice: { kind: choice } };
  if (isObject(choice) && choice.type === "function" && typeof choice.name === "string") {
    return { tools, toolChoice: { kind: "tool", name: choice.name } };
  }
  if (isObject(choice) && choice.type === "allowed_tools") return allowedTools(tools, choice);
  throw invalid("tool_choice", "none, auto, required, allowed_tools or a function by its name");
}

/** The others are not shown to the model at all, which comes to the same. */
function allowedTools(tools: Tool[], { mode, tools: given }: Values): { tools: Tool[]; toolChoice: ToolChoice } {
  if (!Array.isArray(given) || !given.every((tool) => isObject(tool) && typeof tool.name === "string")) {
    throw invalid("tool_choice.tools", "an array of functions by their names");
  }
  const names = new Set(given.map(({ name }: Values) => name));
  const toolChoice: ToolChoice = { kind: mode === "required" ? "required" : "auto" };
  return { tools: tools.filter(({ name }) => names.has(name)), toolChoice };
}

function readTool(tool: unknown, index: number): Tool {
  const at = `tools[${index}]`;
  if (!isObject(tool) || tool.type !== "function") {
    throw invalid(at, "a tool of type function: no other kind can be given to this model");
  }
  const { name, description, parameters, strict } = tool;
  if (typeof name !== "string") throw invalid(`${at}.name`, "text");
  return {
    name,
    description: typeof description === "string" ? description : "",
    parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
    strict: typeof strict === "boolean" ? strict : undefined,
    cache: undefined,
  };
}

function readFormat(format: unknown): Format | undefined {
  if (!isObject(format)) return undefined;
  if (format.type === "json_object") return { kind: "json" };
  if (format.type !== "json_schema") return undefined;
  const { name, schema, strict } = format;
  if (!isObject(schema)) throw invalid("text.format.schema", "a JSON schema");
  return {
    kind: "json_schema",
    name: typeof name === "string" ? name : "answer",
    schema,
    strict: typeof strict === "boolean" ? strict : undefined,
  };
}

function readReasoning(body: Values): Conversation["reasoning"] {
  const reasoning = optional(body, "reasoning", isObject, "an object");
  const effort = EFFORTS.find((known) => known === reasoning?.effort);
  return effort && { effort, budgetTokens: undefined };
}

function readLogprobs(body: Values): number | undefined {
  const wanted = optional(body, "include", Array.isArray, "an array")?.includes(LOGPROBS) ?? false;
  const top = optional(body, "top_logprobs", isNumber, "a number");
  return wanted || (top ?? 0) > 0 ? (top ?? 0) : undefined;
}
