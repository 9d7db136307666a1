// Token figures of Gemini's answers, and what a call costs that was cut short. Source: GenerateContentResponse.UsageMetadata,
// https://ai.google.dev/api/generate-content#UsageMetadata, and the types of @google/genai 2.32.0.
import type { TokenUsage } from "@waybill/domain";
import type { AbortedCallRule } from "../../core/settle.ts";
import { countOf, isObject } from "../read-values.ts";

/**
 * The `usageMetadata` as it stands, plausible or not; undefined when it cannot be read at all. `promptTokenCount` includes what
 * came from the cache; results of tools that ran at the provider are input beside it; thoughts are output beside the candidates'.
 */
export function readUsage(given: unknown): TokenUsage | undefined {
  if (!isObject(given)) return undefined;
  const prompt = countOf(given.promptTokenCount);
  if (prompt === undefined) return undefined;
  const thoughts = countOf(given.thoughtsTokenCount) ?? 0n;
  return {
    input: prompt + (countOf(given.toolUsePromptTokenCount) ?? 0n),
    cachedInput: countOf(given.cachedContentTokenCount) ?? 0n,
    cacheWrite5m: 0n,
    cacheWrite1h: 0n,
    output: (countOf(given.candidatesTokenCount) ?? 0n) + thoughts,
    reasoningOutput: thoughts,
  };
}

/** Google says nowhere what a call costs whose connection was closed, nor that it stops generating then: there is no rule. */
export const abortedCall: AbortedCallRule = () => undefined;
