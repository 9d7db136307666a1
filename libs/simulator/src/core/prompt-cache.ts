// Remembers the beginnings of prompts, as providers' prompt caches do: a prefix of 1024 tokens or more that was seen
// within five minutes is reported as cached, in steps of 128 tokens. Holds hashes, never text; bounded.

import { hashText } from "./seeded-random.ts";
import { BYTES_PER_TOKEN } from "./tokens.ts";

export const PREFIX_TOKENS_MIN = 1_024;
export const STEP_TOKENS = 128;
export const LIFE_MS = 5 * 60 * 1_000;
/** Steps of one prompt that are remembered (about 131 000 tokens); longer prompts hit up to here. */
const STEPS_MAX = 1_024;
/** Prefixes in all; the longest unused are forgotten first. */
const PREFIXES_MAX = 100_000;

export class PromptCache {
  // Prefix -> when last seen. A Map keeps the order of insertion, so the oldest comes first.
  readonly #seenAtMs = new Map<string, number>();

  /** How many leading tokens of this prompt are cached for this model; then remembers the prompt. */
  lookUp(model: string, prompt: string, nowMs: number): number {
    let cachedTokens = 0;
    const prefixes = hashPrefixes(prompt);
    for (const [index, prefix] of prefixes.entries()) {
      const key = `${model} ${prefix}`;
      const seenAtMs = this.#seenAtMs.get(key);
      const isContinued = cachedTokens === index * STEP_TOKENS || index === 0;
      if (isContinued && seenAtMs !== undefined && nowMs - seenAtMs <= LIFE_MS) {
        cachedTokens = (index + 1) * STEP_TOKENS;
      }
      this.#seenAtMs.delete(key);
      this.#seenAtMs.set(key, nowMs);
    }
    for (const key of this.#seenAtMs.keys()) {
      if (this.#seenAtMs.size <= PREFIXES_MAX) break;
      this.#seenAtMs.delete(key);
    }
    return cachedTokens < PREFIX_TOKENS_MIN ? 0 : cachedTokens;
  }
}

/** One for each whole step, over everything up to its end: two hashes, so that no two prompts of a demo collide. */
function hashPrefixes(prompt: string): string[] {
  const prefixes: string[] = [];
  const stepLength = STEP_TOKENS * BYTES_PER_TOKEN;
  let one: number | undefined;
  let other = 0x9747b28c;
  for (let end = stepLength; end <= prompt.length && prefixes.length < STEPS_MAX; end += stepLength) {
    const step = prompt.slice(end - stepLength, end);
    one = hashText(step, one);
    other = hashText(step, other);
    prefixes.push(`${one}.${other}`);
  }
  return prefixes;
}
