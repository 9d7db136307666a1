// A Messages request as far as the gateway reads it. Field list and types: @anthropic-ai/sdk 1.12.0, MessageCreateParamsBase, and
// 0.120.0 for temperature, top_p and top_k.
import type { AskedRequest } from "../asked-request.ts";
import { endUser, invalid, isObject, limitOrDefault, optional, readBody, tokenLimit } from "../read-fields.ts";
import { sizeInput } from "./input-size.ts";
import { isPriceUnbounded } from "./price-unbounded.ts";

const METADATA_BYTES_MAX = 4_096;

/** Throws WaybillError that names the first field at fault. */
export function readMessagesRequest(bytes: Buffer, maxOutputTokensDefault = 0): AskedRequest {
  const read = readBody(bytes);
  const limit = limitOrDefault(tokenLimit(read.value, "max_tokens"), maxOutputTokensDefault);
  if (limit.maxOutputTokens === 0) throw invalid("max_tokens", "a positive whole number: this API requires it");
  return { ...readWithoutLimit(read), ...limit };
}

/** The same without max_tokens, as count_tokens takes it. */
export function readMessagesToCount(bytes: Buffer): AskedRequest {
  return readWithoutLimit(readBody(bytes));
}

function readWithoutLimit({ value, fields, ...read }: ReturnType<typeof readBody>): AskedRequest {
  const messages = messagesOf(value);
  const tools = optional(value, "tools", Array.isArray, "an array") ?? [];
  const size = sizeInput({ fields, messages, tools, system: value.system });
  const metadata = metadataOf(value);
  return {
    surface: "anthropic-messages",
    ...read,
    value,
    fields,
    // Usage is part of every stream here.
    wantsUsage: true,
    ...{ maxOutputTokens: 0, isDefaultLimit: false },
    choiceCount: 1,
    hasTools: tools.length > 0,
    hasJsonSchema: formatOf(value) === "json_schema",
    metadata,
    endUserId: endUser(metadata.user_id),
    size,
    wantsEmbeddings: false,
    isPriceUnbounded: isPriceUnbounded(value, tools),
  };
}

function messagesOf(value: Record<string, unknown>): readonly unknown[] {
  const { messages } = value;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid("messages", "an array with at least one message");
  }
  for (const [index, message] of messages.entries()) {
    if (!isObject(message) || typeof message.role !== "string") {
      throw invalid(`messages[${index}]`, "an object with a role");
    }
  }
  return messages;
}

function formatOf(value: Record<string, unknown>): unknown {
  const config = optional(value, "output_config", isObject, "an object");
  return isObject(config?.format) ? config.format.type : undefined;
}

/** Texts only: the API itself knows `user_id` alone. */
function metadataOf(value: Record<string, unknown>): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null);
  let bytes = 0;
  for (const [name, text] of Object.entries(optional(value, "metadata", isObject, "an object") ?? {})) {
    if (typeof text !== "string") continue;
    bytes += name.length + text.length;
    metadata[name] = text;
  }
  if (bytes > METADATA_BYTES_MAX) throw invalid("metadata", `at most ${METADATA_BYTES_MAX} bytes in all`);
  return metadata;
}
