// The turns of a conversation as Messages blocks. Source: @anthropic-ai/sdk 1.12.0, ContentBlockParam.
import { WaybillError } from "@waybill/domain";
import type {
  CacheMark,
  Conversation,
  MediaPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from "@waybill/surfaces";
import { signatureOf } from "../signature-tag.ts";

/** What the system says between turns goes to the rest of what it says: the API has one place for it. */
export function writeSystem({ system, turns }: Conversation): object[] {
  const later = turns.flatMap((turn) => (turn.role === "system" ? turn.parts : []));
  return [...system, ...later].flatMap(writeText);
}

/** Neighbours of one role are one message; empty ones are none. */
export function writeTurns(turns: readonly Turn[]): object[] {
  const messages: { role: string; content: object[] }[] = [];
  for (const turn of turns) {
    if (turn.role === "system") continue;
    const content = turn.role === "user" ? writeUser(turn.parts) : turn.parts.flatMap(writeAssistantPart);
    if (content.length === 0) continue;
    const last = messages.at(-1);
    if (last?.role === turn.role) last.content.push(...content);
    else messages.push({ role: turn.role, content });
  }
  return messages;
}

/** Results come first: the API wants them right behind their calls. */
function writeUser(parts: readonly (TextPart | MediaPart | ToolResultPart)[]): object[] {
  const results = parts.filter((part) => part.kind === "tool_result");
  const others = parts.filter((part) => part.kind !== "tool_result");
  return [...results.map(writeResult), ...others.flatMap(writeShown)];
}

function writeShown(part: TextPart | MediaPart): object[] {
  return part.kind === "text" ? writeText(part) : [writeMedia(part)];
}

/** An empty text is refused by the API, and says nothing. */
function writeText({ text, cache }: TextPart): object[] {
  return text === "" ? [] : [{ type: "text", text, ...cached(cache) }];
}

function writeMedia({ kind, source, name, cache }: MediaPart): object {
  if (kind === "audio") {
    throw new WaybillError("invalid_value", { publicMessage: "This model takes no audio.", param: "messages" });
  }
  const title = kind === "document" && name !== "" ? { title: name } : {};
  if (source.kind === "url")
    return { type: kind, source: { type: "url", url: source.url }, ...title, ...cached(cache) };
  const { mediaType, base64 } = source;
  if (kind === "document" && mediaType.startsWith("text/")) {
    const data = Buffer.from(base64, "base64").toString("utf8");
    return { type: kind, source: { type: "text", media_type: "text/plain", data }, ...title, ...cached(cache) };
  }
  return { type: kind, source: { type: "base64", media_type: mediaType, data: base64 }, ...title, ...cached(cache) };
}

function writeResult({ callId, parts, isError, cache }: ToolResultPart): object {
  const content = parts.flatMap(writeShown);
  return {
    type: "tool_result",
    tool_use_id: idOf(callId),
    ...(content.length > 0 && { content }),
    ...(isError && { is_error: true }),
    ...cached(cache),
  };
}

function writeAssistantPart(part: Extract<Turn, { role: "assistant" }>["parts"][number]): object[] {
  switch (part.kind) {
    case "text":
      return writeText(part);
    case "tool_call":
      return [writeCall(part)];
    case "reasoning": {
      if (part.sealed !== "") return [{ type: "redacted_thinking", data: part.sealed }];
      // Thoughts of another provider have no signature or one of its own, and the API would refuse them.
      const signature = signatureOf(undefined, part.signature);
      return signature === "" ? [] : [{ type: "thinking", thinking: part.text, signature }];
    }
  }
}

function writeCall({ id, name, argumentsJson, cache }: ToolCallPart): object {
  return { type: "tool_use", id: idOf(id), name, input: inputOf(argumentsJson), ...cached(cache) };
}

/** A model may have written arguments that are no JSON; the API wants an object. */
function inputOf(argumentsJson: string): object {
  try {
    const input: unknown = JSON.parse(argumentsJson);
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input;
  } catch {
    // Given back as it was written.
  }
  return { _unparsed: argumentsJson };
}

/** Ids of other providers may hold characters that the API refuses: letters, digits, _ and - are taken. */
function idOf(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, "_") || "call";
}

function cached(cache: CacheMark): object {
  return cache ? { cache_control: { type: "ephemeral", ttl: cache } } : {};
}
