// Token figures of embeddings: input and nothing else. And what a call costs that was cut short.
import { NO_TOKENS, type TokenUsage } from "@waybill/domain";
import type { AbortedCallRule } from "../../core/settle.ts";
import { countOf, isObject } from "../read-values.ts";

/** The `usage` object of an answer as it stands, plausible or not; undefined when it cannot be read at all. */
export function readEmbeddingsUsage(value: unknown): TokenUsage | undefined {
  if (!isObject(value)) return undefined;
  // Some say only the total, which is the same.
  const input = countOf(value.prompt_tokens) ?? countOf(value.total_tokens);
  return input === undefined ? undefined : { ...NO_TOKENS, input };
}

/** Nothing comes before all of it is made, so there is nothing to go by. */
export const abortedCall: AbortedCallRule = () => undefined;
