// What OpenAI's chat and legacy completions have in common: an answer, whole or in chunks, is a list of choices.
import type { StreamEvent } from "./answer-texts.ts";
import { isObject } from "./read-fields.ts";

export function choicesOf({ choices }: StreamEvent): Record<string, unknown>[] {
  return Array.isArray(choices) ? choices.filter(isObject) : [];
}

/** Log probabilities say the text once more, token by token. True: there were some. */
export function removeLogprobs(answer: StreamEvent): boolean {
  let hadSome = false;
  for (const choice of choicesOf(answer)) {
    if (!isObject(choice.logprobs)) continue;
    choice.logprobs = null;
    hadSome = true;
  }
  return hadSome;
}
