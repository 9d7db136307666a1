// A chat completion request as far as the gateway reads it. Unknown fields are none of its business and pass through.
// Field list and types: openai/openai-openapi openapi.yaml, CreateChatCompletionRequest.
import { WaybillError } from "@waybill/domain";
import { removeField } from "./remove-field.ts";
import { type RoutingAsked, readRoutingConfig } from "./routing-config.ts";
import { type ScannedBody, scanBody } from "./scan-body.ts";

export interface ChatRequest extends ScannedBody {
  /** What goes to the provider: the bytes as they came, without `routing_config`. `fields` and `insertAt` are its own. */
  body: Buffer;
  /** `routing_config`; undefined: the body has none. */
  routing: RoutingAsked | undefined;
  model: string;
  stream: boolean;
  /** stream_options.include_usage */
  wantsUsage: boolean;
  /** max_completion_tokens, else max_tokens; 0: not said. For one choice. */
  maxOutputTokens: number;
  choiceCount: number;
  messages: readonly unknown[];
  tools: readonly unknown[];
  hasJsonSchema: boolean;
  metadata: Readonly<Record<string, string>>;
  endUserId: string;
}

const MODEL_CHARACTERS_MAX = 256;
const CHOICES_MAX = 128;
const METADATA_BYTES_MAX = 4_096;
const OUTPUT_TOKENS_MAX = 100_000_000;

/**
 * Scans, parses and checks a body. Throws WaybillError that names the first field at fault. `value` is what was parsed, with
 * `routing_config`; the bytes are scanned once, and copied only when that field is there to be taken out.
 */
export function parseChatRequest(body: Buffer): ChatRequest {
  const { value, fields, insertAt } = scanBody(body);
  const forProvider = removeField({ body, fields }, "routing_config");
  const stream = optional(value, "stream", isBoolean, "true or false") ?? false;
  const streamOptions = optional(value, "stream_options", isObject, "an object");
  const maxTokens = optional(value, "max_tokens", isTokenLimit, "a positive whole number");
  const maxCompletionTokens = optional(value, "max_completion_tokens", isTokenLimit, "a positive whole number");
  const isChoiceCount = (given: unknown): given is number =>
    Number.isInteger(given) && (given as number) >= 1 && (given as number) <= CHOICES_MAX;
  return {
    value,
    ...forProvider,
    insertAt,
    routing: readRoutingConfig(value.routing_config),
    model: modelOf(value),
    stream,
    wantsUsage: streamOptions !== undefined && wantsUsage(streamOptions),
    maxOutputTokens: maxCompletionTokens ?? maxTokens ?? 0,
    choiceCount: optional(value, "n", isChoiceCount, `a whole number from 1 to ${CHOICES_MAX}`) ?? 1,
    messages: messagesOf(value),
    tools: optional(value, "tools", Array.isArray, "an array") ?? [],
    hasJsonSchema: optional(value, "response_format", isObject, "an object")?.type === "json_schema",
    metadata: metadataOf(value),
    endUserId: (optional(value, "user", isString, "text") ?? "").slice(0, 256),
  };
}

function modelOf(value: Record<string, unknown>): string {
  const { model } = value;
  if (typeof model !== "string" || model === "" || model.length > MODEL_CHARACTERS_MAX) {
    throw invalid("model", `a text of 1 to ${MODEL_CHARACTERS_MAX} characters`);
  }
  return model;
}

function messagesOf(value: Record<string, unknown>): readonly unknown[] {
  const { messages } = value;
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid("messages", "an array with at least one message");
  for (const [index, message] of messages.entries()) {
    if (!isObject(message) || typeof message.role !== "string") {
      throw invalid(`messages[${index}]`, "an object with a role");
    }
  }
  return messages;
}

function wantsUsage(streamOptions: Record<string, unknown>): boolean {
  const wanted = streamOptions.include_usage;
  if (wanted === undefined || wanted === null) return false;
  if (typeof wanted !== "boolean") throw invalid("stream_options.include_usage", "true or false");
  return wanted;
}

function metadataOf(value: Record<string, unknown>): Readonly<Record<string, string>> {
  const given = optional(value, "metadata", isObject, "an object");
  if (!given) return {};
  const metadata: Record<string, string> = Object.create(null);
  let bytes = 0;
  for (const [name, text] of Object.entries(given)) {
    if (typeof text !== "string") throw invalid(`metadata.${name}`, "text");
    bytes += name.length + text.length;
    metadata[name] = text;
  }
  if (bytes > METADATA_BYTES_MAX) throw invalid("metadata", `at most ${METADATA_BYTES_MAX} bytes in all`);
  return metadata;
}

/** A field that may be absent or null, of one type. */
function optional<T>(
  value: Record<string, unknown>,
  name: string,
  is: (given: unknown) => given is T,
  expected: string,
): T | undefined {
  const given = value[name];
  if (given === undefined || given === null) return undefined;
  if (!is(given)) throw invalid(name, expected);
  return given;
}

function invalid(param: string, expected: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage: `${param} must be ${expected}.`, param });
}

const isBoolean = (given: unknown): given is boolean => typeof given === "boolean";
const isString = (given: unknown): given is string => typeof given === "string";
const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);
const isTokenLimit = (given: unknown): given is number =>
  Number.isInteger(given) && (given as number) >= 1 && (given as number) <= OUTPUT_TOKENS_MAX;
