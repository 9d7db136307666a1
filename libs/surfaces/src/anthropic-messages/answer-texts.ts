// What a message and its stream hold of a model's words: text, thoughts, the input of tools.
import type { AnswerTexts, StreamEvent, TextDelta } from "../answer-texts.ts";
import { isObject } from "../read-fields.ts";

/** Field of a delta that has a text, by the kind of delta. */
const DELTAS: Readonly<Record<string, "text" | "thinking" | "partial_json">> = {
  text_delta: "text",
  thinking_delta: "thinking",
  input_json_delta: "partial_json",
};
/** What a block may begin with. */
const BEGINNINGS = [
  ["text", "text_delta"],
  ["thinking", "thinking_delta"],
] as const;

export const messagesAnswerTexts: AnswerTexts = {
  fields: ["content"],
  deltas(event) {
    const { type, index, delta, content_block: block } = event;
    if (type === "content_block_delta" && isObject(delta)) {
      const field = DELTAS[String(delta.type)];
      return field === undefined ? [] : deltaOf(delta, field, String(delta.type), index);
    }
    if (type !== "content_block_start" || !isObject(block)) return [];
    return BEGINNINGS.flatMap(([field, kind]) => deltaOf(block, field, kind, index));
  },
  endedBy({ type, index, delta }) {
    if (type === "content_block_stop") return [`${index}.`];
    if (type === "message_delta" || type === "message_stop") return [""];
    // A thought's signature comes last.
    return isObject(delta) && delta.type === "signature_delta" ? [`${index}.thinking`] : [];
  },
  removeEchoes: () => false,
};

function deltaOf(holder: StreamEvent, field: string, kind: string, index: unknown): TextDelta[] {
  const piece = holder[field];
  if (typeof piece !== "string" || piece === "") return [];
  const one: TextDelta = {
    ...{ text: `${index}.${field}`, piece, isJson: field === "partial_json" },
    set(changed) {
      holder[field] = changed;
    },
    alone(rest) {
      const data = { type: "content_block_delta", index, delta: { type: kind, [field]: rest } };
      return `event: content_block_delta\ndata: ${JSON.stringify(data)}\n\n`;
    },
  };
  return [one];
}
