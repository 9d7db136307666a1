// Entries of the price list: what a source says, made complete, and the one that is in force at a moment.
import type { PicoUsd, Price, PriceRates } from "@waybill/domain";

/** One price and the moment from which it holds. */
export interface PriceEntry {
  /** Unix milliseconds; 0: since ever. */
  effectiveFromMs: number;
  price: Price;
}

/** Rates as a source gives them: input and output always, the others where it knows better. Pico-USD per token, or text of them. */
export interface GivenRates<Rate = PicoUsd> {
  input: Rate;
  cachedInput?: Rate | undefined;
  cacheWrite5m?: Rate | undefined;
  cacheWrite1h?: Rate | undefined;
  output: Rate;
  reasoningOutput?: Rate | undefined;
}

/**
 * Every rate set: a kind the source does not price costs what its parent kind costs (cached and written input like input,
 * the long cache like the short one, reasoning like output).
 */
export function completeRates<Rate>(given: GivenRates<Rate>): Record<keyof PriceRates, Rate> {
  const cacheWrite5m = given.cacheWrite5m ?? given.input;
  return {
    input: given.input,
    cachedInput: given.cachedInput ?? given.input,
    cacheWrite5m,
    cacheWrite1h: given.cacheWrite1h ?? cacheWrite5m,
    output: given.output,
    reasoningOutput: given.reasoningOutput ?? given.output,
  };
}

/** The price in force at a moment: the latest entry that has begun; of two with the same beginning, the later in the list. */
export function priceInForce(entries: readonly PriceEntry[], atMs: number): Price | undefined {
  let found: PriceEntry | undefined;
  for (const entry of entries) {
    if (entry.effectiveFromMs > atMs) continue;
    if (!found || entry.effectiveFromMs >= found.effectiveFromMs) found = entry;
  }
  return found?.price;
}
