// Sampling as OpenAI's surfaces write it.
import type { Sampling } from "./conversation/conversation.ts";
import { invalid, isNumber, isString, optional } from "./read-fields.ts";

/** Throws WaybillError invalid_value that names the first field at fault. */
export function readSampling(body: Record<string, unknown>): Sampling {
  const number = (name: string): number | undefined => optional(body, name, isNumber, "a number");
  const { stop } = body;
  if (stop !== undefined && stop !== null && typeof stop !== "string" && !isTexts(stop)) {
    throw invalid("stop", "a text or an array of texts");
  }
  return {
    temperature: number("temperature"),
    topP: number("top_p"),
    topK: number("top_k"),
    stop: typeof stop === "string" ? [stop] : isTexts(stop) ? stop : [],
    seed: number("seed"),
    presencePenalty: number("presence_penalty"),
    frequencyPenalty: number("frequency_penalty"),
  };
}

function isTexts(given: unknown): given is string[] {
  return Array.isArray(given) && given.every(isString);
}
