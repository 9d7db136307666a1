// A chat completion request as far as the gateway reads it. Field list and types: openai/openai-openapi openapi.yaml,
// CreateChatCompletionRequest.
import type { AskedRequest } from "../asked-request.ts";
import {
  endUser,
  invalid,
  isObject,
  isString,
  limitOrDefault,
  optional,
  readBody,
  textMetadata,
  tokenLimit,
  wantsUsage,
} from "../read-fields.ts";
import { sizeInput } from "./input-size.ts";
import { isPriceUnbounded } from "./price-unbounded.ts";

const CHOICES_MAX = 128;

/** Throws WaybillError that names the first field at fault. */
export function readChatRequest(bytes: Buffer, maxOutputTokensDefault = 0): AskedRequest {
  const read = readBody(bytes);
  const { value, fields } = read;
  const streamOptions = optional(value, "stream_options", isObject, "an object");
  const maxTokens = tokenLimit(value, "max_tokens");
  const maxCompletionTokens = tokenLimit(value, "max_completion_tokens");
  const messages = messagesOf(value);
  const tools = optional(value, "tools", Array.isArray, "an array") ?? [];
  const size = sizeInput({ fields, messages, tools });
  return {
    surface: "openai-chat",
    ...read,
    wantsUsage: streamOptions !== undefined && wantsUsage(streamOptions),
    ...limitOrDefault(maxCompletionTokens ?? maxTokens, maxOutputTokensDefault),
    choiceCount: optional(value, "n", isChoiceCount, `a whole number from 1 to ${CHOICES_MAX}`) ?? 1,
    hasTools: tools.length > 0,
    hasJsonSchema: optional(value, "response_format", isObject, "an object")?.type === "json_schema",
    metadata: textMetadata(value),
    endUserId: endUser(optional(value, "user", isString, "text")),
    size,
    wantsEmbeddings: false,
    isPriceUnbounded: isPriceUnbounded({ value, tools }, size),
  };
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

const isChoiceCount = (given: unknown): given is number =>
  Number.isInteger(given) && (given as number) >= 1 && (given as number) <= CHOICES_MAX;
