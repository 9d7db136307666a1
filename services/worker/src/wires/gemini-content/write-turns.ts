// Turns -> `contents` and `systemInstruction`. A turn is the user's or the model's; what the system says anywhere stands in the one
// instruction.
import { WaybillError } from "@waybill/domain";
import type { Conversation, MediaPart, TextPart, ToolCallPart, ToolResultPart, Turn } from "@waybill/surfaces";
import { isObject } from "../read-values.ts";
import { signatureOf } from "../signature-tag.ts";

type AssistantPart = Extract<Turn, { role: "assistant" }>["parts"][number];

/** What Google documents for calls whose signature there is not. https://ai.google.dev/gemini-api/docs/thought-signatures */
const UNSIGNED = "skip_thought_signature_validator";
/** Where a URL does not say what it leads to. */
const MEDIA_TYPES: Readonly<Record<MediaPart["kind"], string>> = {
  image: "image/jpeg",
  audio: "audio/mpeg",
  document: "application/pdf",
};
const TYPES_BY_ENDING: Readonly<Record<string, string>> = {
  ...{
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    webp: "image/webp",
    gif: "image/gif",
    heic: "image/heic",
  },
  ...{ mp3: "audio/mpeg", wav: "audio/wav", ogg: "audio/ogg", flac: "audio/flac", aac: "audio/aac" },
  ...{ pdf: "application/pdf", txt: "text/plain", md: "text/markdown", csv: "text/csv", html: "text/html" },
};

export function systemInstruction({ system, turns }: Conversation): object | undefined {
  const later = turns.flatMap((turn) => (turn.role === "system" ? turn.parts : []));
  const parts = [...system, ...later].map(writeText);
  return parts.length > 0 ? { parts } : undefined;
}

/** `isSigned`: the model refuses its own calls of the current turn without their signatures. */
export function writeTurns({ turns }: Conversation, isSigned: boolean): object[] {
  const names = new Map<string, string>();
  for (const part of turns.flatMap((turn) => (turn.role === "assistant" ? turn.parts : []))) {
    if (part.kind === "tool_call") names.set(part.id, part.name);
  }
  const contents: { role: "user" | "model"; parts: object[] }[] = [];
  const current = turns.findLastIndex(isAsked);
  for (const [index, turn] of turns.entries()) {
    if (turn.role === "system") continue;
    const role = turn.role === "user" ? "user" : "model";
    const parts =
      turn.role === "user"
        ? turn.parts.flatMap((part) => writeUserPart(part, names))
        : writeAssistant(turn.parts, isSigned && index > current);
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) contents.push({ role, parts });
  }
  return contents;
}

/** A turn begins with what the user says; results of tools belong to it. */
function isAsked(turn: Turn): boolean {
  return turn.role === "user" && turn.parts.some(({ kind }) => kind !== "tool_result");
}

function writeText({ text }: TextPart): object {
  return { text };
}

function writeUserPart(part: TextPart | MediaPart | ToolResultPart, names: ReadonlyMap<string, string>): object[] {
  if (part.kind === "text") return part.text === "" ? [] : [writeText(part)];
  return part.kind === "tool_result" ? writeToolResult(part, names) : [writeMedia(part)];
}

function writeMedia({ kind, source }: MediaPart): object {
  if (source.kind === "inline") return { inlineData: { mimeType: source.mediaType, data: source.base64 } };
  const ending = /\.([A-Za-z0-9]+)(?:[?#]|$)/.exec(source.url)?.[1]?.toLowerCase() ?? "";
  return { fileData: { mimeType: TYPES_BY_ENDING[ending] ?? MEDIA_TYPES[kind], fileUri: source.url } };
}

/** A result is an object: one that a tool gave as JSON stays what it is. What it shows follows as parts of the turn. */
function writeToolResult({ callId, parts, isError }: ToolResultPart, names: ReadonlyMap<string, string>): object[] {
  const text = parts.map((part) => (part.kind === "text" ? part.text : "")).join("\n");
  const given = jsonOf(text);
  const response = isError ? { error: text } : isObject(given) ? given : { output: given ?? text };
  // Without its call in the conversation the name is not known, and there is no result without one.
  const name = names.get(callId) ?? callId;
  const media = parts.filter((part) => part.kind !== "text");
  return [{ functionResponse: { id: callId, name, response } }, ...media.map(writeMedia)];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Thoughts themselves are not given back; their signature is, on the call that follows it or the text before it. */
function writeAssistant(parts: readonly AssistantPart[], isSigned: boolean): object[] {
  const written: Record<string, unknown>[] = [];
  let signature = "";
  let hasCall = false;
  for (const part of parts) {
    if (part.kind === "reasoning") signature = signatureOf("gemini", part.signature) || signature;
    else if (part.kind === "text") {
      if (part.text !== "") written.push({ text: part.text });
    } else {
      // Only the first of parallel calls has one.
      const own = signature || (isSigned && !hasCall ? UNSIGNED : "");
      written.push({ functionCall: writeCall(part), ...(own !== "" && { thoughtSignature: own }) });
      hasCall = true;
      signature = "";
    }
  }
  const last = written.at(-1);
  if (signature !== "" && last && !("functionCall" in last)) last.thoughtSignature = signature;
  return written;
}

function writeCall({ id, name, argumentsJson }: ToolCallPart): object {
  const args = jsonOf(argumentsJson);
  if (!isObject(args)) {
    throw new WaybillError("invalid_value", {
      publicMessage: `The arguments of the tool call ${JSON.stringify(name)} must be the JSON text of an object.`,
      param: "messages",
    });
  }
  return { id, name, args };
}
