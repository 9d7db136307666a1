// The rates of a baseline as they are kept: by the days on which a price holds, and by the input above which a tier does.
import type { Price, PriceRates } from "@waybill/domain";
import { firstWholeDay } from "./months.ts";

/** An entry of a price list: from when on it holds, in Unix milliseconds; 0: since ever. */
export interface PricedFrom {
  effectiveFromMs: number;
  price: Price;
}

/** Rates of a model for requests of some size on some days. */
export interface RateBand {
  model: string;
  /** "2026-11-28"; "-infinity": since ever. */
  fromDay: string;
  /** Exclusive; "infinity": as long as it holds. */
  untilDay: string;
  aboveInputTokens: bigint;
  /** Inclusive; undefined: no end. */
  upToInputTokens: bigint | undefined;
  priceVersion: string;
  rates: PriceRates;
  perRequestPicoUsd: bigint;
}

/**
 * The bands of one model that hold on `sinceDay` or later. The price of a UTC day is the one in force at its beginning, so that sums by day
 * have one price; an entry that begins and ends within a day is of no use.
 */
export function bandsOf(model: string, entries: readonly PricedFrom[], sinceDay: string): RateBand[] {
  const inOrder = [...entries].sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
  return inOrder.flatMap(({ effectiveFromMs, price }, index) => {
    const next = inOrder[index + 1];
    const fromDay = effectiveFromMs <= 0 ? "-infinity" : firstWholeDay(effectiveFromMs);
    const untilDay = next ? firstWholeDay(next.effectiveFromMs) : "infinity";
    if (fromDay === untilDay || (next && untilDay <= sinceDay)) return [];
    return price.tiers.map(({ aboveInputTokens, rates }, tier) => ({
      ...{ model, fromDay, untilDay, aboveInputTokens, rates },
      upToInputTokens: price.tiers[tier + 1]?.aboveInputTokens,
      priceVersion: price.version,
      perRequestPicoUsd: price.perRequestPicoUsd,
    }));
  });
}
