// Token figures of Converse, and what a call costs that was cut short. Source: TokenUsage,
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
import type { TokenUsage } from "@waybill/domain";
import type { AbortedCallRule } from "../../core/settle.ts";
import { countOf, isObject, objectsOf } from "../read-values.ts";

/**
 * The `usage` as it stands, plausible or not; undefined when it cannot be read at all. `inputTokens` is only what was neither read
 * from the cache nor written to it: "total input tokens = inputTokens + cacheReadInputTokens + cacheWriteInputTokens",
 * https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html. Reasoning is in `outputTokens` and not told apart.
 */
export function readUsage(given: unknown): TokenUsage | undefined {
  if (!isObject(given)) return undefined;
  const fresh = countOf(given.inputTokens);
  const output = countOf(given.outputTokens);
  if (fresh === undefined || output === undefined) return undefined;
  const cachedInput = countOf(given.cacheReadInputTokens) ?? 0n;
  const written = countOf(given.cacheWriteInputTokens) ?? 0n;
  const cacheWrite1h = writtenFor("1h", given.cacheDetails, written);
  return {
    input: fresh + cachedInput + written,
    cachedInput,
    cacheWrite5m: written - cacheWrite1h,
    cacheWrite1h,
    output,
    reasoningOutput: 0n,
  };
}

/** AWS says nowhere what a call costs whose connection was closed, nor that the model stops then: there is no rule. */
export const abortedCall: AbortedCallRule = () => undefined;

/** Tokens written for that long, where the details say it; at most `written`. */
function writtenFor(ttl: string, details: unknown, written: bigint): bigint {
  const found = objectsOf(details).find((detail) => detail.ttl === ttl);
  const count = countOf(found?.inputTokens) ?? 0n;
  return count > written ? written : count;
}
