// Judges the provider's token figures before money is made of them. A contradiction is bounded and flagged, never booked
// as it is and never booked as zero.
import { isPlausible, TOKENS_MAX, type TokenUsage } from "@waybill/domain";

/** What is known of an attempt besides the provider's figures. Zero: not known. */
export interface TokenBounds {
  inputTokensBound: bigint;
  /** True: the provider may honestly report any input. */
  isInputUnbounded: boolean;
  maxOutputTokens: bigint;
  estimatedInputTokens: bigint;
  countedOutputTokens: bigint;
}

export interface JudgedUsage {
  usage: TokenUsage;
  /** True when a figure was replaced or bounded. */
  isSuspect: boolean;
}

// Tools and hidden prompts may exceed a bound made from bytes; ten times and ten thousand more does not happen.
const FAR_FACTOR = 10n;
const FAR_SLACK_TOKENS = 10_000n;

/** The usage to book. Within reason the provider is believed, also above the hold's bounds: it is what it will bill. */
export function judgeUsage(reported: TokenUsage, bounds: TokenBounds): JudgedUsage {
  const inputBound = bounds.isInputUnbounded ? 0n : bounds.inputTokensBound;
  const input = judgeTotal(reported.input, inputBound, estimatedInput(bounds));
  const output = judgeTotal(reported.output, bounds.maxOutputTokens, countedOutput(bounds));
  const usage = {
    input,
    ...cacheWithin(reported, input),
    output,
    reasoningOutput: within(reported.reasoningOutput, output),
  };
  const isSuspect = !sameUsage(usage, reported) || !isPlausible(reported);
  return { usage, isSuspect };
}

/** The tokens that evidence alone speaks for; never above what the hold was computed for. */
export function evidencedUsage(bounds: TokenBounds): TokenUsage {
  return {
    input: estimatedInput(bounds),
    cachedInput: 0n,
    cacheWrite5m: 0n,
    cacheWrite1h: 0n,
    output: countedOutput(bounds),
    reasoningOutput: 0n,
  };
}

function judgeTotal(reported: bigint, bound: bigint, evidenced: bigint): bigint {
  // Nothing used, or less than nothing, although something was sent or came back.
  if (reported < 0n || (reported === 0n && evidenced > 0n)) return evidenced;
  const isFar = bound > 0n && reported > bound * FAR_FACTOR + FAR_SLACK_TOKENS;
  if (!isFar && reported <= TOKENS_MAX) return reported;
  return bound > 0n ? bound : evidenced;
}

function cacheWithin(
  reported: TokenUsage,
  input: bigint,
): Pick<TokenUsage, "cachedInput" | "cacheWrite5m" | "cacheWrite1h"> {
  const cachedInput = within(reported.cachedInput, input);
  const cacheWrite5m = within(reported.cacheWrite5m, input - cachedInput);
  const cacheWrite1h = within(reported.cacheWrite1h, input - cachedInput - cacheWrite5m);
  return { cachedInput, cacheWrite5m, cacheWrite1h };
}

function within(part: bigint, whole: bigint): bigint {
  if (part < 0n) return 0n;
  return part > whole ? whole : part;
}

function estimatedInput({ estimatedInputTokens, inputTokensBound }: TokenBounds): bigint {
  return inputTokensBound > 0n ? within(estimatedInputTokens, inputTokensBound) : estimatedInputTokens;
}

function countedOutput({ countedOutputTokens, maxOutputTokens }: TokenBounds): bigint {
  return maxOutputTokens > 0n ? within(countedOutputTokens, maxOutputTokens) : countedOutputTokens;
}

function sameUsage(a: TokenUsage, b: TokenUsage): boolean {
  return (
    a.input === b.input &&
    a.cachedInput === b.cachedInput &&
    a.cacheWrite5m === b.cacheWrite5m &&
    a.cacheWrite1h === b.cacheWrite1h &&
    a.output === b.output &&
    a.reasoningOutput === b.reasoningOutput
  );
}
