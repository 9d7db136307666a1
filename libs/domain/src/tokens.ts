// Token counts of one attempt, by kind, as providers bill them.

/**
 * Tokens of one attempt. `input` includes what was read from or written to the provider's cache;
 * `output` includes reasoning. All counts are non-negative integers.
 */
export interface TokenUsage {
  input: bigint;
  cachedInput: bigint;
  cacheWrite5m: bigint;
  cacheWrite1h: bigint;
  output: bigint;
  reasoningOutput: bigint;
}

/** What a provider says was used, as it stands. */
export interface ReportedUsage extends TokenUsage {
  /** Those of its tokens that are not text, where it tells: included in the counts above, at prices of their own. */
  notText?: NotTextTokens;
}

export interface NotTextTokens {
  audioInput: bigint;
  imageInput: bigint;
  audioOutput: bigint;
}

export const NO_TOKENS: Readonly<TokenUsage> = {
  input: 0n,
  cachedInput: 0n,
  cacheWrite5m: 0n,
  cacheWrite1h: 0n,
  output: 0n,
  reasoningOutput: 0n,
};

/** The most tokens of one kind that are believed; beyond it a count is an error of its source, not a bill. */
export const TOKENS_MAX = 1_000_000_000n;

/** True when every count is in range and the parts do not exceed their whole. */
export function isPlausible(usage: TokenUsage): boolean {
  const counts = Object.values(usage) as bigint[];
  if (counts.some((count) => count < 0n || count > TOKENS_MAX)) return false;
  return (
    usage.cachedInput + usage.cacheWrite5m + usage.cacheWrite1h <= usage.input && usage.reasoningOutput <= usage.output
  );
}
