// What a month of traffic would cost on a choice of models: every part of the traffic goes to its models by their shares, each at its
// price. Exact to the pico-USD; each line is rounded once, and sums are sums of lines. A price that nobody knows makes the sum unknown,
// never smaller.
import { type PicoUsd, type Price, ratesFor, type TokenUsage } from "@waybill/domain";
import { type Fraction, fraction, isSame, minus, NONE, plus, rounded, times, WHOLE } from "./fraction.ts";

/** Part of the traffic: a tier of users, or what went to one model. */
export interface TrafficPart {
  name: string;
  /** Calls of a month. */
  calls: Fraction;
  /** Of all calls of the month together. */
  tokens: Readonly<Record<keyof TokenUsage, Fraction>>;
  /** Input of one call, on average: it picks the tier of a price. */
  callInputTokens: bigint;
}

export interface Selection {
  /** <provider>/<model> */
  model: string;
  share: Fraction;
}

export interface Scenario {
  /** By the name of a part; the shares of one part make a whole. */
  mixes: ReadonlyMap<string, readonly Selection[]>;
  /** Of input that the provider reads from its cache; undefined: as the traffic says. */
  cachedInputShare: Fraction | undefined;
  /** Of calls that are answered from our own cache, at no cost. */
  keptAnswerShare: Fraction;
}

/** What goes from one part to one model in a month; figures other than money are rounded to be shown. */
export interface SimulatedLine {
  part: string;
  model: string;
  share: Fraction;
  calls: bigint;
  inputTokens: bigint;
  outputTokens: bigint;
  /** Undefined: the price is unknown. */
  cost: PicoUsd | undefined;
}

export interface SimulatedCost {
  lines: SimulatedLine[];
  /** Undefined: that of some line is unknown. */
  cost: PicoUsd | undefined;
  /** Of the lines whose cost is known. */
  knownCost: PicoUsd;
}

/** `priceOf`: undefined where the price is unknown. */
export function simulateCost(
  parts: readonly TrafficPart[],
  scenario: Scenario,
  priceOf: (model: string) => Price | undefined,
): SimulatedCost {
  const lines = parts.flatMap((part) =>
    (scenario.mixes.get(part.name) ?? []).map((selection) => lineOf(part, selection, scenario, priceOf)),
  );
  const knownCost = lines.reduce((sum, { cost = 0n }) => sum + cost, 0n);
  return { lines, cost: lines.some(({ cost }) => cost === undefined) ? undefined : knownCost, knownCost };
}

export interface Delta {
  /** Below 0: the proposal is cheaper. */
  cost: PicoUsd;
  /** Of the baseline; undefined: that costs nothing. */
  percent: Fraction | undefined;
}

/** Undefined: one of the two is unknown. */
export function deltaOf(baseline: SimulatedCost, proposal: SimulatedCost): Delta | undefined {
  if (baseline.cost === undefined || proposal.cost === undefined) return undefined;
  const cost = proposal.cost - baseline.cost;
  return { cost, percent: baseline.cost === 0n ? undefined : fraction(cost * 100n, baseline.cost) };
}

function lineOf(
  part: TrafficPart,
  { model, share }: Selection,
  { cachedInputShare, keptAnswerShare }: Scenario,
  priceOf: (model: string) => Price | undefined,
): SimulatedLine {
  const served = times(share, minus(WHOLE, keptAnswerShare));
  const tokens = cachedInputShare ? cached(part.tokens, cachedInputShare) : part.tokens;
  const price = priceOf(model);
  const cost = price && times(served, costOfMonth({ ...part, tokens }, price));
  return {
    part: part.name,
    model,
    share,
    calls: rounded(times(served, part.calls)),
    inputTokens: rounded(times(served, tokens.input)),
    outputTokens: rounded(times(served, tokens.output)),
    cost: cost && rounded(cost),
  };
}

/** Another share read from the cache: what is then written to it nobody knows, so that counts as plain input. */
function cached(tokens: TrafficPart["tokens"], share: Fraction): TrafficPart["tokens"] {
  if (isSame(share, NONE) && isSame(tokens.cachedInput, NONE)) return tokens;
  return { ...tokens, cachedInput: times(tokens.input, share), cacheWrite5m: NONE, cacheWrite1h: NONE };
}

function costOfMonth({ calls, tokens, callInputTokens }: TrafficPart, price: Price): Fraction {
  const rates = ratesFor(price, callInputTokens);
  const { input, cachedInput, cacheWrite5m, cacheWrite1h, output, reasoningOutput } = tokens;
  const plainInput = minus(input, plus(cachedInput, plus(cacheWrite5m, cacheWrite1h)));
  const billed: [Fraction, PicoUsd][] = [
    [calls, price.perRequestPicoUsd],
    [plainInput, rates.input],
    [cachedInput, rates.cachedInput],
    [cacheWrite5m, rates.cacheWrite5m],
    [cacheWrite1h, rates.cacheWrite1h],
    [minus(output, reasoningOutput), rates.output],
    [reasoningOutput, rates.reasoningOutput],
  ];
  return billed.reduce((sum, [count, rate]) => plus(sum, times(count, fraction(rate))), NONE);
}
