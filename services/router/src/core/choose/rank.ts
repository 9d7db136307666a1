// Ranking for `auto`: argmin cost over {q >= q_max (1 - band)}, again and again over what is left, so that the second is the
// choice that would have been made without the first. Bands after Azure's model router (balanced 1-2 %, cost 5-6 %).
import type { AutoMode } from "@waybill/routes";

/** Middle of the published ranges; quality looks at nothing but the best. */
const BANDS: Record<AutoMode, number> = { quality: 0, balanced: 0.015, cost: 0.055 };

export interface Ranked<T> {
  item: T;
  /** From 0 to 1. */
  quality: number;
  costPicoUsd: number;
}

/** The part of the best quality that a model may be below it; `bandPercent` of the node wins over the mode's own. */
export function bandOf(mode: AutoMode, bandPercent: number | undefined): number {
  return bandPercent === undefined ? BANDS[mode] : bandPercent / 100;
}

/** The least quality that counts as good as the best. */
export function leastQuality(ranked: readonly { quality: number }[], band: number): number {
  let best = 0;
  for (const { quality } of ranked) if (quality > best) best = quality;
  return best * (1 - band);
}

/** The best `count` in the order in which they are to be tried. Ties: the better one, then the order given. */
export function rank<T>(items: readonly Ranked<T>[], band: number, count: number): Ranked<T>[] {
  const left = [...items];
  const ordered: Ranked<T>[] = [];
  while (left.length > 0 && ordered.length < count) {
    const least = leastQuality(left, band);
    let bestIndex = -1;
    let best: Ranked<T> | undefined;
    for (let index = 0; index < left.length; index += 1) {
      const item = left[index];
      if (!item || item.quality < least) continue;
      if (best && !isBetter(item, best)) continue;
      best = item;
      bestIndex = index;
    }
    if (!best) break;
    ordered.push(best);
    left.splice(bestIndex, 1);
  }
  return ordered;
}

function isBetter<T>(a: Ranked<T>, b: Ranked<T>): boolean {
  return a.costPicoUsd < b.costPicoUsd || (a.costPicoUsd === b.costPicoUsd && a.quality > b.quality);
}
