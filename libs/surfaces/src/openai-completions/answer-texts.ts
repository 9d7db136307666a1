// What a text_completion and its stream hold of a model's words.
import type { AnswerTexts, StreamEvent, TextDelta } from "../answer-texts.ts";
import { choicesOf, removeLogprobs } from "../choices.ts";

export const completionAnswerTexts: AnswerTexts = {
  fields: ["choices"],
  deltas: (event) => choicesOf(event).flatMap((choice) => deltaOf(event, choice)),
  endedBy: (event) =>
    choicesOf(event).flatMap(({ index, finish_reason }) => (typeof finish_reason === "string" ? [`${index}.`] : [])),
  removeEchoes: removeLogprobs,
};

function deltaOf({ id, object, created, model }: StreamEvent, choice: StreamEvent): TextDelta[] {
  const { index, text: piece } = choice;
  if (typeof piece !== "string" || piece === "") return [];
  const one: TextDelta = {
    ...{ text: `${index}.text`, piece, isJson: false },
    set(changed) {
      choice.text = changed;
    },
    alone(text) {
      const choices = [{ index, text, logprobs: null, finish_reason: null }];
      return `data: ${JSON.stringify({ id, object, created, model, choices })}\n\n`;
    },
  };
  return [one];
}
