// What a budget allows: how much there is to give, and what its strictness makes of that.
import { maxPicoUsd, minPicoUsd, type PicoUsd } from "@waybill/domain";
import type { Window } from "./books.ts";
import type { Standing } from "./operation.ts";
import { leavesAtMs } from "./rolling.ts";

/** The limit as it holds now: with what earlier windows left, and with a raise while it lasts. */
export function limitOf({ limitPicoUsd, carriedInPicoUsd, raisedPicoUsd }: Window): PicoUsd {
  return limitPicoUsd + carriedInPicoUsd + raisedPicoUsd;
}

/** What could be given now. Negative once more was spent than the limit. */
export function restOf(window: Window): PicoUsd {
  return limitOf(window) - window.postedPicoUsd - window.heldPicoUsd - window.grantedPicoUsd;
}

/** What a window leaves to the next one. A raise is not carried over, and what was spent beyond the limit is no debt. */
export function unspentOf(window: Window): PicoUsd {
  return maxPicoUsd(0n, restOf(window) - window.raisedPicoUsd);
}

/**
 * The most of what is wanted that there is in `restPicoUsd`. A hard budget clamps; a soft one gives all as long as anything is left, so
 * that it is exceeded by one hold at most; an observing one gives all. With `share`, a hard budget gives no more than its share of the
 * rest, but at least `leastPicoUsd` while that much is left: the last cent is usable.
 */
export function allowedAmount(
  { enforcement, maxSharePercent }: Pick<Window, "enforcement" | "maxSharePercent">,
  restPicoUsd: PicoUsd,
  ask: { wantPicoUsd: PicoUsd; leastPicoUsd: PicoUsd; boundedByShare: boolean },
): PicoUsd {
  if (enforcement !== "hard") return ask.wantPicoUsd;
  const rest = maxPicoUsd(restPicoUsd, 0n);
  const share = (rest * BigInt(maxSharePercent)) / 100n;
  const most = ask.boundedByShare ? minPicoUsd(rest, maxPicoUsd(share, ask.leastPicoUsd)) : rest;
  return minPicoUsd(ask.wantPicoUsd, most);
}

/** True when a request that needs so much at least may pass with that rest. */
export function affords({ enforcement }: Pick<Window, "enforcement">, restPicoUsd: PicoUsd, least: PicoUsd): boolean {
  if (enforcement === "observe") return true;
  return enforcement === "soft" ? restPicoUsd > 0n : restPicoUsd >= least;
}

/**
 * When a window has room for so much again, in Unix milliseconds; undefined: never, or nobody can tell. A rolling window makes room
 * as its spend ages.
 */
export function roomAtMs(window: Window, needPicoUsd: PicoUsd): number | undefined {
  if (!window.rolling) return window.endsAtMs;
  const short = needPicoUsd - restOf(window);
  return leavesAtMs(window.rolling, short > 0n ? short : 1n) ?? leavesAtMs(window.rolling, 1n);
}

/** The window's counters at this moment. */
export function standingOf(window: Window): Standing {
  const { budgetId, postedPicoUsd, heldPicoUsd, grantedPicoUsd, unit, templateValue, carriedInPicoUsd } = window;
  const counters = { limitPicoUsd: limitOf(window), postedPicoUsd, heldPicoUsd, grantedPicoUsd, carriedInPicoUsd };
  return { budgetId, windowId: window.id, ...counters, unit, templateValue, resetsAtMs: roomAtMs(window, 0n) };
}
