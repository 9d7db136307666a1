// The traffic of a month, as somebody describes it by tiers of users, or as it was recorded by model.
import type { SpendRow } from "@waybill/wire";
import { type Fraction, fraction, NONE, rounded, times } from "./fraction.ts";
import type { TrafficPart } from "./simulate-cost.ts";

export interface GivenTier {
  name: string;
  /** Of all requests. */
  share: Fraction;
  /** Of one request. */
  inputTokens: number;
  outputTokens: number;
  /** Of the input, read from the provider's cache. */
  cachedInputShare: Fraction;
}

/** `requestsPerMonth`: of all tiers together. */
export function partsOfTiers(requestsPerMonth: bigint, tiers: readonly GivenTier[]): TrafficPart[] {
  return tiers.map(({ name, share, inputTokens, outputTokens, cachedInputShare }) => {
    const calls = times(fraction(requestsPerMonth), share);
    const input = times(calls, fraction(BigInt(inputTokens)));
    const output = times(calls, fraction(BigInt(outputTokens)));
    const none = { cacheWrite5m: NONE, cacheWrite1h: NONE, reasoningOutput: NONE };
    const tokens = { ...none, input, output, cachedInput: times(input, cachedInputShare) };
    return { name, calls, tokens, callInputTokens: BigInt(inputTokens) };
  });
}

/** Sums by model, one row each, taken to a month: `perMonth` is a month's length over that of the sums. */
export function partsOfRecorded(rows: readonly SpendRow[], perMonth: Fraction): TrafficPart[] {
  return rows
    .filter(({ attempts }) => attempts > 0n)
    .map((row) => {
      const month = (count: bigint): Fraction => times(fraction(count), perMonth);
      const tokens = {
        input: month(row.inputTokens),
        cachedInput: month(row.cachedInputTokens),
        cacheWrite5m: month(row.cacheWrite5mTokens),
        cacheWrite1h: month(row.cacheWrite1hTokens),
        output: month(row.outputTokens),
        reasoningOutput: month(row.reasoningTokens),
      };
      const callInputTokens = rounded(fraction(row.inputTokens, row.attempts));
      return { name: row.values[0] ?? "", calls: month(row.attempts), tokens, callInputTokens };
    });
}
