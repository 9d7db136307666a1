// What a request is expected to cost at a model, for comparing models. Never held and never booked.
import type { Price } from "@waybill/domain";

export interface ExpectedSize {
  inputTokens: number;
  outputTokens: number;
}

/** Where the client does not say how long the answer may be. */
export const USUAL_OUTPUT_TOKENS = 512;

export function expectedSize(features: {
  estimatedInputTokens: bigint;
  maxOutputTokens: bigint;
  choiceCount: number;
  wantsEmbeddings?: boolean;
}): ExpectedSize {
  const inputTokens = Number(features.estimatedInputTokens);
  if (features.wantsEmbeddings) return { inputTokens, outputTokens: 0 };
  const limit = Number(features.maxOutputTokens);
  const each = limit === 0 ? USUAL_OUTPUT_TOKENS : Math.min(limit, USUAL_OUTPUT_TOKENS);
  return {
    inputTokens,
    outputTokens: each * Math.max(1, features.choiceCount),
  };
}

/** A price as numbers, made once: comparing needs no exactness, and it is compared thirty times a request. */
interface NumericPrice {
  perRequest: number;
  tiers: { aboveInputTokens: number; input: number; cachedInput: number; output: number }[];
}

const numeric = new WeakMap<Price, NumericPrice>();

function numericOf(price: Price): NumericPrice {
  let known = numeric.get(price);
  if (!known) {
    const tiers = price.tiers.map(({ aboveInputTokens, rates: { input, cachedInput, output } }) => ({
      aboveInputTokens: Number(aboveInputTokens),
      input: Number(input),
      cachedInput: Number(cachedInput),
      output: Number(output),
    }));
    known = { perRequest: Number(price.perRequestPicoUsd), tiers };
    numeric.set(price, known);
  }
  return known;
}

/**
 * Pico-USD. `isCached`: the model has most of the input in its prompt cache, because it answered the session before.
 */
export function expectedCostPicoUsd(
  price: Price,
  { inputTokens, outputTokens }: ExpectedSize,
  isCached = false,
): number {
  const { perRequest, tiers } = numericOf(price);
  let rates = tiers[0];
  for (const tier of tiers) if (inputTokens > tier.aboveInputTokens) rates = tier;
  if (!rates) return perRequest;
  return perRequest + inputTokens * (isCached ? rates.cachedInput : rates.input) + outputTokens * rates.output;
}
