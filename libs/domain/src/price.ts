// What tokens cost. A price in µUSD per million tokens is the same number as pico-USD per token,
// so tokens x rate is exact and nothing here ever rounds.
import type { PicoUsd } from "./money.ts";
import type { TokenUsage } from "./tokens.ts";

/** Pico-USD per token, for each kind of token. */
export interface PriceRates {
  input: PicoUsd;
  cachedInput: PicoUsd;
  cacheWrite5m: PicoUsd;
  cacheWrite1h: PicoUsd;
  output: PicoUsd;
  reasoningOutput: PicoUsd;
}

/** Rates for the whole request when its input is larger than `aboveInputTokens`. */
export interface PriceTier {
  aboveInputTokens: bigint;
  rates: PriceRates;
}

/** One entry of the price list. `tiers` ascend by `aboveInputTokens`; the first has 0; never empty. */
export interface Price {
  version: string;
  tiers: readonly PriceTier[];
  perRequestPicoUsd: PicoUsd;
}

/** The rates that hold for a request with this many input tokens. Throws when the price has no tier at all. */
export function ratesFor(price: Price, inputTokens: bigint): PriceRates {
  let found = price.tiers[0];
  if (!found) throw new RangeError(`price ${price.version} has no tier`);
  for (const tier of price.tiers) if (inputTokens > tier.aboveInputTokens) found = tier;
  return found.rates;
}

/** Exact cost of an attempt. `usage` must be plausible (see tokens.ts). */
export function costOf(usage: TokenUsage, price: Price): PicoUsd {
  const rates = ratesFor(price, usage.input);
  const plainInput = usage.input - usage.cachedInput - usage.cacheWrite5m - usage.cacheWrite1h;
  return (
    price.perRequestPicoUsd +
    plainInput * rates.input +
    usage.cachedInput * rates.cachedInput +
    usage.cacheWrite5m * rates.cacheWrite5m +
    usage.cacheWrite1h * rates.cacheWrite1h +
    (usage.output - usage.reasoningOutput) * rates.output +
    usage.reasoningOutput * rates.reasoningOutput
  );
}

/**
 * The most that an attempt can cost: every input token at the dearest input rate of any tier it could reach,
 * every output token at the dearest output rate. For any plausible usage within both bounds,
 * costOf(usage) <= worstCaseCost (property-tested).
 */
export function worstCaseCost(price: Price, inputTokensMax: bigint, outputTokensMax: bigint): PicoUsd {
  const dearest = dearestRates(price, inputTokensMax);
  return price.perRequestPicoUsd + inputTokensMax * dearest.input + outputTokensMax * dearest.output;
}

/** How many output tokens an amount covers once the input is paid for; negative: not even the input. */
export function affordableOutputTokens(price: Price, inputTokensMax: bigint, amount: PicoUsd): bigint {
  const dearest = dearestRates(price, inputTokensMax);
  const rest = amount - price.perRequestPicoUsd - inputTokensMax * dearest.input;
  if (rest < 0n) return -1n;
  return dearest.output === 0n ? 9_007_199_254_740_991n : rest / dearest.output;
}

function dearestRates(price: Price, inputTokensMax: bigint): { input: PicoUsd; output: PicoUsd } {
  if (price.tiers.length === 0) throw new RangeError(`price ${price.version} has no tier`);
  let input = 0n;
  let output = 0n;
  for (const { aboveInputTokens, rates } of price.tiers) {
    if (aboveInputTokens > 0n && inputTokensMax <= aboveInputTokens) continue;
    for (const rate of [rates.input, rates.cachedInput, rates.cacheWrite5m, rates.cacheWrite1h]) {
      if (rate > input) input = rate;
    }
    for (const rate of [rates.output, rates.reasoningOutput]) if (rate > output) output = rate;
  }
  return { input, output };
}
