// A legacy completion request as far as the gateway reads it. Field list and types: openai/openai-openapi openapi.yaml,
// CreateCompletionRequest.
import type { AskedRequest } from "../asked-request.ts";
import { asksElsewhere } from "../asks-elsewhere.ts";
import {
  endUser,
  isBoolean,
  isObject,
  isString,
  limitOrDefault,
  optional,
  readBody,
  textMetadata,
  tokenLimit,
  wantsUsage,
} from "../read-fields.ts";
import { estimateTokens, readTokenInputs } from "../token-input.ts";

/** What the API gives where `max_tokens` is not said. */
export const USUAL_MAX_TOKENS = 16;
const PROMPTS_MAX = 2_048;
const CHOICES_MAX = 128;
const LOGPROBS_MAX = 100;
/** Fields whose text reaches the model. */
const READ_BY_MODEL = ["prompt", "suffix"];

/** Throws WaybillError that names the first field at fault. */
export function readCompletionRequest(bytes: Buffer, maxOutputTokensDefault = 0): AskedRequest {
  const { value, fields, ...read } = readBody(bytes);
  const streamOptions = optional(value, "stream_options", isObject, "an object");
  const suffix = optional(value, "suffix", isString, "text") ?? "";
  optional(value, "echo", isBoolean, "true or false");
  optional(value, "logprobs", isLogprobs, `a whole number from 0 to ${LOGPROBS_MAX}`);
  const prompts = readTokenInputs(value.prompt, "prompt", PROMPTS_MAX);
  let textBytes = 0;
  for (const name of READ_BY_MODEL) {
    const span = fields.get(name);
    if (span) textBytes += span.valueEnd - span.valueStart;
  }
  return {
    surface: "openai-completions",
    ...read,
    value,
    fields,
    wantsUsage: streamOptions !== undefined && wantsUsage(streamOptions),
    ...limitOrDefault(tokenLimit(value, "max_tokens"), maxOutputTokensDefault, USUAL_MAX_TOKENS),
    // Of best_of all are made and paid for, whatever is shown.
    choiceCount: prompts.length * Math.max(choicesOf(value, "n"), choicesOf(value, "best_of")),
    hasTools: false,
    hasJsonSchema: false,
    metadata: textMetadata(value),
    endUserId: endUser(optional(value, "user", isString, "text")),
    size: {
      textBytes,
      partCount: prompts.length,
      inputCount: prompts.length,
      estimatedTokens: estimateTokens([...prompts, suffix]),
      hasImages: false,
      hasAudio: false,
      hasUnseenInput: false,
    },
    wantsEmbeddings: false,
    isPriceUnbounded: asksElsewhere(value),
  };
}

/** How many are made of each prompt; 1 where it is not said. */
export function choicesOf(value: Record<string, unknown>, name: "n" | "best_of"): number {
  return optional(value, name, isChoiceCount, `a whole number from 1 to ${CHOICES_MAX}`) ?? 1;
}

const isChoiceCount = (given: unknown): given is number =>
  Number.isInteger(given) && (given as number) >= 1 && (given as number) <= CHOICES_MAX;
const isLogprobs = (given: unknown): given is number =>
  Number.isInteger(given) && (given as number) >= 0 && (given as number) <= LOGPROBS_MAX;
