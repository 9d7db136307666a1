// What a request did cost, and what it would have on the draft: certain where it goes the same way, estimated from the tokens of then
// where it does not, and unknown where nobody knows them.
import {
  costOf,
  isPlausible,
  type PicoUsd,
  type Price,
  ratesFor,
  type TokenUsage,
  worstCaseCost,
} from "@waybill/domain";
import type { RecordedAttempt } from "@waybill/wire";
import type { RunAgain, Way } from "./run-again.ts";

export interface CostAgain {
  certainty: "exact" | "estimated" | "unknown";
  isChanged: boolean;
  /** As booked; undefined: unknown. */
  actual: PicoUsd | undefined;
  draft: PicoUsd | undefined;
  /** The least the draft could have cost, and the most; undefined with a draft that is known: nothing bounds its answer. */
  low: PicoUsd | undefined;
  high: PicoUsd | undefined;
  /** Where it would go to another model: the parts of the draft's cost. */
  moved: Moved | undefined;
  /** Why something is not known. */
  isRetried: boolean;
  isServedInstead: boolean;
  hasNoAnswer: boolean;
  isUnpriced: boolean;
}

interface Moved {
  /** Of everything but the answer. */
  withoutOutput: PicoUsd;
  /** Of a token of the answer. */
  outputRate: PicoUsd;
  /** How much more it costs where nothing is read from the cache. */
  cacheReads: PicoUsd;
}

const CERTAIN = { isRetried: false, isServedInstead: false, hasNoAnswer: false, isUnpriced: false, moved: undefined };

export function costAgain(run: RunAgain, attempts: readonly RecordedAttempt[]): CostAgain {
  const { before, after, unrecorded } = run;
  const isChanged = nameOf(before) !== nameOf(after);
  const actual = "model" in before ? bookedCost(attempts) : 0n;
  const isDoubtful = unrecorded.draw || unrecorded.model || unrecorded.hold || unrecorded.budget;
  const base = { ...CERTAIN, isChanged, actual, isUnpriced: actual === undefined && attempts.length > 0 };
  if ("refusalCode" in after) {
    const certainty = isDoubtful && isChanged ? "estimated" : "exact";
    return { ...base, certainty, draft: 0n, low: 0n, high: 0n };
  }
  if ("refusalCode" in before) return { ...base, ...UNKNOWN, isServedInstead: true };
  if (attempts.length === 0) return { ...base, ...UNKNOWN, hasNoAnswer: true };
  if (!isChanged) {
    if (actual === undefined) return { ...base, ...UNKNOWN };
    const isRetried = attempts.length > 1;
    const certainty = isRetried || isDoubtful ? "estimated" : "exact";
    return { ...base, certainty, isRetried, draft: actual, low: actual, high: actual };
  }
  return { ...base, ...costElsewhere(run, attempts), isRetried: attempts.length > 1 };
}

const UNKNOWN = { certainty: "unknown", draft: undefined, low: undefined, high: undefined } as const;

export function nameOf(way: Way): string {
  return "model" in way ? way.model : `refused: ${way.refusalCode}`;
}

/** The attempt that answered, as far as it did; undefined: none did, or nobody saw it. */
export function answerOf(attempts: readonly RecordedAttempt[]): RecordedAttempt | undefined {
  return (
    attempts.findLast(({ outcome }) => outcome === "success") ??
    attempts.findLast(({ outcome }) => outcome === "partial")
  );
}

/** Undefined: that of some attempt is unknown, or nothing is on the books. */
function bookedCost(attempts: readonly RecordedAttempt[]): PicoUsd | undefined {
  if (attempts.length === 0) return undefined;
  let sum = 0n;
  for (const { costPicoUsd } of attempts) {
    if (costPicoUsd === "") return undefined;
    sum += BigInt(costPicoUsd);
  }
  return sum;
}

function costElsewhere(
  { entry, maxOutputTokens }: RunAgain,
  attempts: readonly RecordedAttempt[],
): Pick<CostAgain, "certainty" | "draft" | "low" | "high" | "moved" | "hasNoAnswer" | "isUnpriced"> {
  const answer = answerOf(attempts);
  const usage = answer && usageOf(answer);
  const isUnpriced = attempts.some(({ costPicoUsd }) => costPicoUsd === "") || !entry?.price;
  if (!usage || !isPlausible(usage)) return { ...UNKNOWN, moved: undefined, hasNoAnswer: true, isUnpriced };
  if (!entry?.price) return { ...UNKNOWN, moved: undefined, hasNoAnswer: false, isUnpriced };
  const { price } = entry;
  const draft = costOf(usage, price);
  const withoutOutput = costOf({ ...usage, output: 0n, reasoningOutput: 0n }, price);
  const rates = ratesFor(price, usage.input);
  return {
    certainty: "estimated",
    draft,
    low: withoutOutput,
    high: most(usage, price, maxOutputTokens || entry.maxOutputTokens),
    moved: {
      withoutOutput,
      outputRate: rates.output,
      cacheReads: usage.cachedInput * (rates.input - rates.cachedInput),
    },
    hasNoAnswer: false,
    isUnpriced,
  };
}

/** With the longest answer, and nothing read from a cache. */
function most(usage: TokenUsage, price: Price, maxOutputTokens: bigint): PicoUsd | undefined {
  if (maxOutputTokens === 0n) return undefined;
  const longest = maxOutputTokens > usage.output ? maxOutputTokens : usage.output;
  return worstCaseCost(price, usage.input, longest);
}

function usageOf(attempt: RecordedAttempt): TokenUsage {
  return {
    input: attempt.inputTokens,
    cachedInput: attempt.cachedInputTokens,
    cacheWrite5m: attempt.cacheWrite5mTokens,
    cacheWrite1h: attempt.cacheWrite1hTokens,
    output: attempt.outputTokens,
    reasoningOutput: attempt.reasoningOutputTokens,
  };
}
