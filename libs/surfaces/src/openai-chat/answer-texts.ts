// What chat.completion and chat.completion.chunk hold of a model's words: content, refusals, reasoning, arguments of tools.
import type { AnswerTexts, StreamEvent, TextDelta } from "../answer-texts.ts";
import { choicesOf, removeLogprobs } from "../choices.ts";
import { isObject } from "../read-fields.ts";

const TEXTS = ["content", "refusal", "reasoning_content", "reasoning"] as const;

export const chatAnswerTexts: AnswerTexts = {
  fields: ["choices"],
  deltas: (event) => choicesOf(event).flatMap((choice) => deltasOf(event, choice)),
  endedBy: (event) => choicesOf(event).flatMap(endedIn),
  removeEchoes: removeLogprobs,
};

type Fields = Record<string, unknown>;

/** With its end a choice is over; thoughts are with the first words, and words with the first call. */
function endedIn({ index, delta, finish_reason }: Fields): string[] {
  if (typeof finish_reason === "string") return [`${index}.`];
  if (!isObject(delta)) return [];
  const calls = Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0;
  const words = typeof delta.content === "string" && delta.content !== "";
  return [...(calls || words ? [`${index}.reasoning`] : []), ...(calls ? [`${index}.content`] : [])];
}

function deltasOf(event: StreamEvent, { index, delta }: Fields): TextDelta[] {
  if (!isObject(delta)) return [];
  const found: TextDelta[] = [];
  /** `lone` wraps a piece into a delta that has nothing else. */
  const add = (holder: Fields, field: string, name: string, isJson: boolean, lone: (piece: string) => object): void => {
    const piece = holder[field];
    if (typeof piece !== "string" || piece === "") return;
    found.push({
      ...{ text: `${index}.${name}`, piece, isJson },
      set: (changed) => {
        holder[field] = changed;
      },
      alone: (rest) => chunk(event, index, lone(rest)),
    });
  };
  for (const field of TEXTS) add(delta, field, field, false, (piece) => ({ [field]: piece }));
  // Some providers stream parts.
  if (Array.isArray(delta.content)) {
    for (const part of delta.content.filter(isObject)) {
      add(part, "text", "content", false, (piece) => ({ content: [{ ...part, text: piece }] }));
    }
  }
  if (isObject(delta.audio))
    add(delta.audio, "transcript", "audio", false, (transcript) => ({ audio: { transcript } }));
  if (isObject(delta.function_call)) {
    const lone = (piece: string): object => ({ function_call: { arguments: piece } });
    add(delta.function_call, "arguments", "function_call", true, lone);
  }
  for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isObject) : []) {
    for (const [holder, field] of [["function", "arguments"] as const, ["custom", "input"] as const]) {
      const lone = (piece: string): object => ({ tool_calls: [{ index: call.index, [holder]: { [field]: piece } }] });
      const held = call[holder];
      if (isObject(held)) add(held, field, `call.${call.index}`, holder === "function", lone);
    }
  }
  return found;
}

function chunk({ id, object, created, model }: StreamEvent, index: unknown, delta: object): string {
  const choices = [{ index, delta, logprobs: null, finish_reason: null }];
  return `data: ${JSON.stringify({ id, object, created, model, choices })}\n\n`;
}
