// Prices as people write them (USD per million tokens, decimal text) and as they are kept (pico-USD per token), exactly.
import { completeRates, type GivenRates } from "@waybill/catalog";
import { formatUsd, type Price, type PriceRates, parseUsd } from "@waybill/domain";

const TOKENS_PER_RATE = 1_000_000n;

type RateText = Record<keyof PriceRates, string>;

export interface PriceText {
  version: string;
  tiers: (RateText & { aboveInputTokens: number })[];
  perRequest: string;
}

/** Of a tier: input and output always; what is left out costs what its parent kind costs. */
export type GivenTier = { aboveInputTokens: number } & GivenRates<string>;

export function priceText({ version, tiers, perRequestPicoUsd }: Price): PriceText {
  return {
    version,
    tiers: tiers.map(({ aboveInputTokens, rates }) => ({
      aboveInputTokens: Number(aboveInputTokens),
      input: rateText(rates.input),
      cachedInput: rateText(rates.cachedInput),
      cacheWrite5m: rateText(rates.cacheWrite5m),
      cacheWrite1h: rateText(rates.cacheWrite1h),
      output: rateText(rates.output),
      reasoningOutput: rateText(rates.reasoningOutput),
    })),
    perRequest: formatUsd(perRequestPicoUsd),
  };
}

/** Pico-USD per token as USD per million tokens. */
export function rateText(picoUsdPerToken: bigint): string {
  return formatUsd(picoUsdPerToken * TOKENS_PER_RATE);
}

/** The way back. Undefined: finer than a pico-USD per token. */
export function parseRate(usdPerMillion: string): bigint | undefined {
  const picoUsd = parseUsd(usdPerMillion);
  return picoUsd % TOKENS_PER_RATE === 0n ? picoUsd / TOKENS_PER_RATE : undefined;
}

const RATES = ["input", "cachedInput", "cacheWrite5m", "cacheWrite1h", "output", "reasoningOutput"] as const;

/** Every rate set. Reports each rate that is finer than what can be kept. */
export function parseTier(given: GivenTier, report: (field: string, problem: string) => void): Price["tiers"][number] {
  const texts = completeRates(given);
  const rates = { input: 0n, cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 0n, reasoningOutput: 0n };
  for (const name of RATES) {
    const rate = parseRate(texts[name]);
    if (rate !== undefined) rates[name] = rate;
    else if (given[name] !== undefined) report(name, "is finer than 0.000001 USD per million tokens");
  }
  return { aboveInputTokens: BigInt(given.aboveInputTokens), rates };
}

/** True when two prices cost the same, whatever they are called. */
export function isSamePrice(a: Price, b: Price): boolean {
  return figures(a) === figures(b);
}

/** The figures of a price as one line; the same price always gives the same line. */
export function figures({ tiers, perRequestPicoUsd }: Price): string {
  const lines = tiers.map(({ aboveInputTokens, rates }) =>
    [aboveInputTokens, ...RATES.map((name) => rates[name])].join(" "),
  );
  return [...lines, perRequestPicoUsd].join("; ");
}
