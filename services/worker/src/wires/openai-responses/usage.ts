// Token figures of Responses, and what a call costs that was cut short.
import type { TokenUsage } from "@waybill/domain";
import type { AbortedCallRule } from "../../core/settle.ts";
import { countOf, objectOf } from "../read-values.ts";

/** The `usage` object of a response as it stands, plausible or not; undefined when it cannot be read at all. */
export function readUsage(value: unknown): TokenUsage | undefined {
  const { input_tokens, output_tokens, input_tokens_details, output_tokens_details } = objectOf(value);
  const input = countOf(input_tokens);
  const output = countOf(output_tokens);
  if (input === undefined || output === undefined) return undefined;
  const { cached_tokens, cache_write_tokens } = objectOf(input_tokens_details);
  return {
    input,
    cachedInput: countOf(cached_tokens) ?? 0n,
    // Nothing is said of how long it is kept: it is priced as the shorter life.
    cacheWrite5m: countOf(cache_write_tokens) ?? 0n,
    cacheWrite1h: 0n,
    output,
    reasoningOutput: countOf(objectOf(output_tokens_details).reasoning_tokens) ?? 0n,
  };
}

/** As for chat completions: generation stops soon after the connection closes, and what was generated is billed. */
export const abortedCall: AbortedCallRule = ({ stream, evidenced }) => (stream ? evidenced : undefined);
