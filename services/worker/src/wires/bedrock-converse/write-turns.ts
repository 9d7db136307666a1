// Turns -> `messages` and `system`. Messages alternate, none is empty, no text is blank, and only the user shows pictures and
// documents: what breaks these rules of Converse would be refused.
import { WaybillError } from "@waybill/domain";
import type { CacheMark, Conversation, MediaPart, TextPart, ToolResultPart, Turn } from "@waybill/surfaces";
import { isObject } from "../read-values.ts";
import { signatureOf } from "../signature-tag.ts";

type AssistantPart = Extract<Turn, { role: "assistant" }>["parts"][number];
type UserPart = Extract<Turn, { role: "user" }>["parts"][number];

/** Media type -> the name Converse has for it. */
const FORMATS: Readonly<Record<MediaPart["kind"], Readonly<Record<string, string>>>> = {
  image: { "image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp" },
  audio: {
    ...{ "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg" },
    ...{ "audio/flac": "flac", "audio/aac": "aac", "audio/mp4": "m4a", "audio/webm": "webm", "audio/opus": "opus" },
  },
  document: {
    ...{ "application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "text/plain": "txt", "text/markdown": "md" },
    ...{ "application/msword": "doc", "application/vnd.ms-excel": "xls" },
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  },
};
const NAME_CHARACTERS_MAX = 200;

export function cachePoint(cache: CacheMark): object[] {
  return cache === undefined ? [] : [{ cachePoint: { type: "default", ...(cache === "1h" && { ttl: "1h" }) } }];
}

/** All that the system says, also between turns: there is no other place for it. */
export function writeSystem({ system, turns }: Conversation): object[] | undefined {
  const later = turns.flatMap((turn) => (turn.role === "system" ? turn.parts : []));
  const blocks = [...system, ...later].flatMap(writeText);
  return blocks.length > 0 ? blocks : undefined;
}

export function writeMessages({ turns }: Conversation): object[] {
  const messages: { role: "user" | "assistant"; content: object[] }[] = [];
  for (const turn of turns) {
    if (turn.role === "system") continue;
    const { role } = turn;
    const content = turn.role === "user" ? writeUser(turn.parts) : turn.parts.flatMap(writeAssistantPart);
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) messages.push({ role, content });
  }
  return messages;
}

function writeText({ text, cache }: TextPart): object[] {
  return text.trim() === "" ? [] : [{ text }, ...cachePoint(cache)];
}

/** A document needs a text beside it. */
function writeUser(parts: readonly UserPart[]): object[] {
  const content = parts.flatMap((part, index) => {
    if (part.kind === "text") return writeText(part);
    return part.kind === "tool_result" ? writeToolResult(part) : writeMedia(part, index);
  });
  const hasDocument = parts.some(({ kind }) => kind === "document");
  const hasText = content.some((block) => "text" in block);
  return hasDocument && !hasText ? [...content, { text: "See the document." }] : content;
}

function writeMedia({ kind, source, name, cache }: MediaPart, index: number): object[] {
  if (source.kind === "url") throw invalid(`Bedrock takes no ${kind} by its address; it must stand in the request.`);
  const format = FORMATS[kind][source.mediaType];
  if (format === undefined) throw invalid(`Bedrock takes no ${kind} of the type ${source.mediaType}.`);
  const bytes = { format, source: { bytes: source.base64 } };
  // Unique in the request, as it must be; the position is as good as a name.
  const block = kind === "document" ? { name: `${plainName(name)} ${index + 1}`.trim(), ...bytes } : bytes;
  return [{ [kind]: block }, ...cachePoint(cache)];
}

/** Letters, digits, single spaces, hyphens, parentheses and square brackets. */
function plainName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9\-()[\]]+/g, " ").trim();
  return plain.slice(0, NAME_CHARACTERS_MAX) || "document";
}

function writeToolResult({ callId, parts, isError, cache }: ToolResultPart): object[] {
  const content = parts.flatMap((part, index) =>
    part.kind === "text" ? textOf(part) : writeMedia({ ...part, cache: undefined }, index),
  );
  const toolResult = {
    toolUseId: callId,
    content: content.length > 0 ? content : [{ text: "(nothing)" }],
    ...(isError && { status: "error" }),
  };
  return [{ toolResult }, ...cachePoint(cache)];
}

function textOf({ text }: TextPart): object[] {
  return text.trim() === "" ? [] : [{ text }];
}

function writeAssistantPart(part: AssistantPart): object[] {
  if (part.kind === "text") return writeText(part);
  if (part.kind === "tool_call") {
    return [
      { toolUse: { toolUseId: part.id, name: part.name, input: inputOf(part.name, part.argumentsJson) } },
      ...cachePoint(part.cache),
    ];
  }
  if (part.sealed !== "") return [{ reasoningContent: { redactedContent: part.sealed } }];
  // Thoughts without their maker's signature are refused by the models that sign, and of no use to the others.
  const signature = signatureOf(undefined, part.signature);
  return signature === "" ? [] : [{ reasoningContent: { reasoningText: { text: part.text, signature } } }];
}

function inputOf(name: string, argumentsJson: string): object {
  let input: unknown;
  try {
    input = JSON.parse(argumentsJson);
  } catch {
    input = undefined;
  }
  if (isObject(input)) return input;
  throw invalid(`The arguments of the tool call ${JSON.stringify(name)} must be the JSON text of an object.`);
}

function invalid(publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param: "messages" });
}
