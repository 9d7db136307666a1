// Token figures of the Messages API, and what a call costs that was cut short.
import type { TokenUsage } from "@waybill/domain";
import type { AbortedCallRule } from "../../core/settle.ts";
import { countOf, isObject } from "../read-values.ts";

/**
 * The `usage` objects of a stream or an answer, later figures over earlier ones: message_start has the input, message_delta the
 * sums. `input_tokens` leaves out what the cache gave or took; our `input` has it. Undefined when it cannot be read at all.
 * https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching#tracking-cache-performance
 */
export function readUsage(...given: unknown[]): TokenUsage | undefined {
  const usage: Record<string, unknown> = {};
  for (const one of given) {
    if (!isObject(one)) continue;
    for (const [name, value] of Object.entries(one)) if (value !== null && value !== undefined) usage[name] = value;
  }
  const plain = countOf(usage.input_tokens);
  const output = countOf(usage.output_tokens);
  if (plain === undefined || output === undefined) return undefined;
  const cachedInput = countOf(usage.cache_read_input_tokens) ?? 0n;
  const written = countOf(usage.cache_creation_input_tokens) ?? 0n;
  const byLife = isObject(usage.cache_creation) ? usage.cache_creation : {};
  const cacheWrite1h = countOf(byLife.ephemeral_1h_input_tokens) ?? 0n;
  const cacheWrite5m = countOf(byLife.ephemeral_5m_input_tokens) ?? written - cacheWrite1h;
  const details = isObject(usage.output_tokens_details) ? usage.output_tokens_details : {};
  return {
    input: plain + cachedInput + cacheWrite5m + cacheWrite1h,
    cachedInput,
    cacheWrite5m,
    cacheWrite1h,
    output,
    reasoningOutput: countOf(details.thinking_tokens) ?? 0n,
  };
}

/** Generation stops soon after the connection closes; what was generated is billed. A plain answer shows nothing to go by. */
export const abortedCall: AbortedCallRule = ({ stream, evidenced }) => (stream ? evidenced : undefined);
