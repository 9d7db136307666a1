// The items of a Responses input -> turns of the internal form. Source of the fields: openai 6.49.0, ResponseInputItem.
import type {
  Conversation,
  MediaPart,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from "../conversation/conversation.ts";
import { readDataUrl } from "../openai-chat/data-url.ts";
import { invalid, isObject } from "../read-fields.ts";
import { ofEncryptedContent } from "./sealed-reasoning.ts";

type Values = Record<string, unknown>;
type UserPart = TextPart | MediaPart | ToolResultPart;
type AssistantPart = TextPart | ReasoningPart | ToolCallPart;

/** Of an input that readResponsesRequest took. Throws WaybillError invalid_value that names what has no place here. */
export function readItems(input: unknown): Pick<Conversation, "system" | "turns"> {
  const system: TextPart[] = [];
  const turns: Turn[] = [];
  if (typeof input === "string") return { system, turns: [{ role: "user", parts: [textPart(input)] }] };
  for (const [index, item] of (input as readonly Values[]).entries()) {
    const at = `input[${index}]`;
    switch (item.type ?? "message") {
      case "message":
        readMessage(item, at, system, turns);
        break;
      case "function_call":
        addAssistant(turns, [readCall(item, at)]);
        break;
      case "function_call_output":
        addUser(turns, [readCallOutput(item, at)]);
        break;
      case "reasoning":
        addAssistant(turns, readReasoning(item));
        break;
      default:
        throw invalid(
          `${at}.type`,
          "message, function_call, function_call_output or reasoning: no other item can be given to this model",
        );
    }
  }
  return { system, turns };
}

function readMessage({ role, content }: Values, at: string, system: TextPart[], turns: Turn[]): void {
  const where = `${at}.content`;
  if (role === "user") addUser(turns, partsOf(content, where).map(readShown));
  else if (role === "assistant") addAssistant(turns, partsOf(content, where).map(readSaid));
  else if (role === "system" || role === "developer") {
    const parts = partsOf(content, where).map(readText);
    if (turns.length === 0) system.push(...parts);
    else turns.push({ role: "system", parts });
  } else throw invalid(`${at}.role`, "user, assistant, system or developer");
}

/** What an assistant did in one go is several items here; it is one turn. */
function addAssistant(turns: Turn[], parts: AssistantPart[]): void {
  if (parts.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === "assistant") last.parts.push(...parts);
  else turns.push({ role: "assistant", parts });
}

/** So are the results of one turn's calls, and what is said with them. */
function addUser(turns: Turn[], parts: UserPart[]): void {
  const last = turns.at(-1);
  if (last?.role === "user" && last.parts.every(({ kind }) => kind === "tool_result")) last.parts.push(...parts);
  else turns.push({ role: "user", parts });
}

type Part = [part: Values | string, where: string];

function partsOf(content: unknown, at: string): Part[] {
  if (typeof content === "string") return content === "" ? [] : [[content, at]];
  if (!Array.isArray(content)) throw invalid(at, "text or an array of parts");
  return content.map((part, index) => {
    if (!isObject(part)) throw invalid(`${at}[${index}]`, "an object with a type");
    return [part, `${at}[${index}]`];
  });
}

/** Clients give an assistant's words back as parts of either kind. */
function readText([part, where]: Part): TextPart {
  if (typeof part === "string") return textPart(part);
  const { type, text } = part;
  if ((type === "input_text" || type === "output_text") && typeof text === "string") return textPart(text);
  throw invalid(where, "a part of type input_text");
}

function readSaid([part, where]: Part): TextPart {
  if (typeof part !== "string" && part.type === "refusal" && typeof part.refusal === "string") {
    return textPart(part.refusal);
  }
  return readText([part, where]);
}

function readShown([part, where]: Part): TextPart | MediaPart {
  if (typeof part === "string") return textPart(part);
  switch (part.type) {
    case "input_image":
      return readImage(part, where);
    case "input_file":
      return readFile(part, where);
    case "input_audio":
      return readAudio(part, where);
    default:
      return readText([part, where]);
  }
}

function readImage({ image_url: url }: Values, where: string): MediaPart {
  if (typeof url !== "string") throw invalid(`${where}.image_url`, "text: stored files cannot be given to this model");
  return { kind: "image", source: readDataUrl(url, `${where}.image_url`), name: "", cache: undefined };
}

function readFile({ file_data: data, file_url: url, filename }: Values, where: string): MediaPart {
  const given = data ?? url;
  if (typeof given !== "string") {
    throw invalid(`${where}.file_data`, "text: stored files cannot be given to this model");
  }
  const source = readDataUrl(given, typeof data === "string" ? `${where}.file_data` : `${where}.file_url`);
  return { kind: "document", source, name: typeof filename === "string" ? filename : "", cache: undefined };
}

function readAudio({ input_audio: audio }: Values, where: string): MediaPart {
  if (!isObject(audio) || typeof audio.data !== "string") throw invalid(`${where}.input_audio`, "an object with data");
  const mediaType = audio.format === "mp3" ? "audio/mpeg" : `audio/${String(audio.format ?? "wav")}`;
  return { kind: "audio", source: { kind: "inline", mediaType, base64: audio.data }, name: "", cache: undefined };
}

function readCall({ call_id: id, name, arguments: json }: Values, at: string): ToolCallPart {
  if (typeof id !== "string") throw invalid(`${at}.call_id`, "text");
  if (typeof name !== "string") throw invalid(`${at}.name`, "text");
  const argumentsJson = typeof json === "string" && json.trim() !== "" ? json : "{}";
  return { kind: "tool_call", id, name, argumentsJson, cache: undefined };
}

function readCallOutput({ call_id: callId, output }: Values, at: string): ToolResultPart {
  if (typeof callId !== "string") throw invalid(`${at}.call_id`, "text");
  const parts = partsOf(output ?? "", `${at}.output`).map(readShown);
  return { kind: "tool_result", callId, parts, isError: false, cache: undefined };
}

/** Thoughts that were not sealed here are those of a provider that keeps them to itself: another has no use for them. */
function readReasoning({ summary, content, encrypted_content: opaque }: Values): ReasoningPart[] {
  const { signature, sealed } = ofEncryptedContent(opaque);
  if (signature === "" && sealed === "") return [];
  const texts = [...(Array.isArray(summary) ? summary : []), ...(Array.isArray(content) ? content : [])];
  const text = texts.map((part) => (isObject(part) && typeof part.text === "string" ? part.text : "")).join("");
  return [{ kind: "reasoning", text: sealed === "" ? text : "", signature, sealed }];
}

function textPart(text: string): TextPart {
  return { kind: "text", text, cache: undefined };
}
