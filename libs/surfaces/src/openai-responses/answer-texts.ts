// What a response and its events hold of a model's words: text, refusals, summaries of thoughts, the input of tools. A stream says each
// of them in deltas, and then up to four times as a whole.
import type { AnswerTexts, StreamEvent, TextDelta } from "../answer-texts.ts";
import { isObject } from "../read-fields.ts";

type Fields = Record<string, unknown>;

/** Fields that hold a text, wherever they stand in an event that says a whole. */
const TEXTS = ["text", "refusal", "arguments", "input"] as const;
const FINAL = /^response\.(completed|incomplete|failed|cancelled)$/;
/** Names of texts that are whole in their event. */
const WHOLE = "whole.";

export const responsesAnswerTexts: AnswerTexts = {
  fields: ["output"],
  deltas(event) {
    const { type, delta } = event;
    if (typeof type !== "string") return [];
    if (type.endsWith(".delta")) return typeof delta === "string" && delta !== "" ? [deltaOf(event, type, delta)] : [];
    return wholesIn(event);
  },
  endedBy(event) {
    const { type, output_index: item } = event;
    if (typeof type !== "string" || FINAL.test(type)) return [""];
    if (type === "response.output_item.done") return [`${item}.`, WHOLE];
    return type.endsWith(".done") ? [nameOf(event, type.slice(0, -".done".length)), WHOLE] : [WHOLE];
  },
  removeEchoes: (answer) => withoutLogprobs(answer),
};

function nameOf({ output_index: item, content_index: content, summary_index: summary }: Fields, kind: string): string {
  return `${item}.${kind}.${content ?? summary ?? ""}`;
}

function deltaOf(event: StreamEvent, type: string, piece: string): TextDelta {
  const kind = type.slice(0, -".delta".length);
  return {
    ...{ text: nameOf(event, kind), piece, isJson: kind === "response.function_call_arguments" },
    set(changed) {
      event.delta = changed;
    },
    alone(rest) {
      const { logprobs, ...fields } = event;
      const bare = logprobs === undefined ? fields : { ...fields, logprobs: [] };
      return `event: ${type}\ndata: ${JSON.stringify({ ...bare, delta: rest })}\n\n`;
    },
  };
}

/** Of an event that says a part, an item or the whole response. */
function wholesIn(event: StreamEvent): TextDelta[] {
  const found: TextDelta[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const inner of value) walk(inner);
    if (!isObject(value)) return;
    for (const field of TEXTS) {
      const piece = value[field];
      if (typeof piece !== "string" || piece === "") continue;
      found.push({
        ...{ text: `${WHOLE}${found.length}`, piece, isJson: field === "arguments", isAgain: true },
        set(changed) {
          value[field] = changed;
        },
        // It is over with its own event.
        alone: () => "",
      });
    }
    for (const field of ["part", "item", "response", "output", "content", "summary"]) walk(value[field]);
  };
  walk(event);
  return found;
}

function withoutLogprobs(value: unknown): boolean {
  if (Array.isArray(value)) return value.map(withoutLogprobs).includes(true);
  if (!isObject(value)) return false;
  let hadSome = false;
  if (Array.isArray(value.logprobs) && value.logprobs.length > 0) {
    value.logprobs = [];
    hadSome = true;
  }
  const inner = ["part", "item", "response", "output", "content"].map((field) => withoutLogprobs(value[field]));
  return hadSome || inner.includes(true);
}
