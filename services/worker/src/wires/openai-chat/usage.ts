// Token figures of this dialect, and what a call costs that was cut short.
import type { NotTextTokens, ReportedUsage } from "@waybill/domain";
import type { AbortedCallRule } from "../../core/settle.ts";
import { countOf, isObject } from "../read-values.ts";

/** The `usage` object of an answer as it stands, plausible or not; undefined when it cannot be read at all. */
export function readUsage(value: unknown): ReportedUsage | undefined {
  if (!isObject(value)) return undefined;
  const input = countOf(value.prompt_tokens);
  const completion = countOf(value.completion_tokens);
  if (input === undefined || completion === undefined) return undefined;
  // DeepSeek names its cache hits differently. https://api-docs.deepseek.com/guides/kv_cache
  const cachedInput =
    detail(value.prompt_tokens_details, "cached_tokens") ?? countOf(value.prompt_cache_hit_tokens) ?? 0n;
  // Nothing is said of how long a write is kept: it is priced as the shorter life.
  const cacheWrite5m = detail(value.prompt_tokens_details, "cache_write_tokens") ?? 0n;
  const reasoningOutput = detail(value.completion_tokens_details, "reasoning_tokens") ?? 0n;
  const total = countOf(value.total_tokens);
  // xAI does not count reasoning among completion_tokens; the total shows it. https://docs.x.ai/docs/models
  const isReasoningExtra = reasoningOutput > 0n && total === input + completion + reasoningOutput;
  const output = isReasoningExtra ? completion + reasoningOutput : completion;
  const notText = notTextIn(value);
  return { input, cachedInput, cacheWrite5m, cacheWrite1h: 0n, output, reasoningOutput, ...(notText && { notText }) };
}

/** Undefined where all of it is text, as far as is told. */
function notTextIn({
  prompt_tokens_details,
  completion_tokens_details,
}: Record<string, unknown>): NotTextTokens | undefined {
  const audioInput = detail(prompt_tokens_details, "audio_tokens") ?? 0n;
  const imageInput = detail(prompt_tokens_details, "image_tokens") ?? 0n;
  const audioOutput = detail(completion_tokens_details, "audio_tokens") ?? 0n;
  const isText = audioInput === 0n && imageInput === 0n && audioOutput === 0n;
  return isText ? undefined : { audioInput, imageInput, audioOutput };
}

/** Where an answer or a chunk has its usage; Groq's also in `x_groq`, beside the last choice (groq/groq-python, XGroq). */
export function usageIn({ usage, x_groq: groq }: Record<string, unknown>): unknown {
  return isObject(usage) || !isObject(groq) ? usage : groq.usage;
}

/**
 * Providers of this dialect stop generating soon after the connection closes and bill what they generated: the input and
 * the output that had come. Of a plain answer nothing comes before it is finished, so there is nothing to go by.
 */
export const abortedCall: AbortedCallRule = ({ stream, evidenced }) => (stream ? evidenced : undefined);

function detail(details: unknown, name: string): bigint | undefined {
  return isObject(details) ? countOf(details[name]) : undefined;
}
