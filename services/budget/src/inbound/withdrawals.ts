// Holds that their askers went without, remembered for as long as one may still be under way in this process.
import type { Withdrawals } from "../ports.ts";

/** Longer than any deadline of a hold. */
const KEPT_MS = 60_000;
/** The oldest are forgotten first; what slips through is given back at its end of life. */
const KEPT_MAX = 100_000;

export function makeWithdrawals(monotonicMs: () => number): Withdrawals {
  /** In the order in which they came. */
  const known = new Map<string, number>();
  const keyOf: (hold: Parameters<Withdrawals["has"]>[0]) => string = ({ attemptId, holder }) =>
    `${attemptId} ${holder}`;
  return {
    add(hold) {
      const nowMs = monotonicMs();
      for (const [key, atMs] of known) {
        if (known.size < KEPT_MAX && nowMs - atMs < KEPT_MS) break;
        known.delete(key);
      }
      known.set(keyOf(hold), nowMs);
    },
    has: (hold) => known.has(keyOf(hold)),
  };
}
