// How full budgets are and how fast they fill, from the standings the budget service pushes: for conditions and for people. It never
// decides about money, so floats are good enough.
import type { BudgetFacts } from "@waybill/wire";
import type { StandingFigures } from "./remaining.ts";

const PICO_PER_USD = 1e12;
const MS_PER_HOUR = 3_600_000;
/** A pace is the average of about the last minute. */
const MEMORY_MS = 60_000;

interface Known {
  figures: StandingFigures;
  /** Posted and held together: what is spent or as good as spent. */
  usedUsd: number;
  toldMs: number;
  usdPerHour: number;
}

export class BudgetPace {
  readonly #known = new Map<string, Known>();

  told(budgetId: string, figures: StandingFigures, nowMs: number): void {
    const usedUsd = toUsd(figures.posted + figures.held);
    const before = this.#known.get(budgetId);
    this.#known.set(budgetId, { figures, usedUsd, toldMs: nowMs, usdPerHour: paceAfter(before, usedUsd, nowMs) });
  }

  forget(isKnownBudget: (budgetId: string) => boolean): void {
    for (const budgetId of this.#known.keys()) if (!isKnownBudget(budgetId)) this.#known.delete(budgetId);
  }

  /** The one with the largest used share. */
  tightest(budgets: readonly { id: string; name: string }[], nowMs: number): BudgetFacts | undefined {
    let tightest: BudgetFacts | undefined;
    for (const { id, name } of budgets) {
      const known = this.#known.get(id);
      if (!known) continue;
      const facts = factsOf(id, name, known, nowMs);
      if (!tightest || facts.usedShare > tightest.usedShare) tightest = facts;
    }
    return tightest;
  }
}

/** Less used than before is a new window: the pace begins anew. */
function paceAfter(before: Known | undefined, usedUsd: number, nowMs: number): number {
  if (!before || usedUsd < before.usedUsd || nowMs <= before.toldMs) return 0;
  const passedMs = nowMs - before.toldMs;
  const latest = ((usedUsd - before.usedUsd) / passedMs) * MS_PER_HOUR;
  const weight = Math.min(1, passedMs / MEMORY_MS);
  return before.usdPerHour + (latest - before.usdPerHour) * weight;
}

function factsOf(budgetId: string, name: string, { figures, usdPerHour, toldMs }: Known, nowMs: number): BudgetFacts {
  const { limit, posted, held, granted } = figures;
  const used = posted + held + granted;
  const remainingUsd = toUsd(limit - used);
  // Nothing was told for a while: nothing is being spent.
  const burn = usdPerHour * Math.max(0, 1 - Math.max(0, nowMs - toldMs - MEMORY_MS) / MEMORY_MS);
  return {
    budgetId,
    name,
    usedShare: limit === 0n ? 1 : toUsd(used) / toUsd(limit),
    burnUsdPerHour: burn,
    hoursToExhaustion: burn > 0 ? Math.max(0, remainingUsd) / burn : -1,
    remainingUsd,
  };
}

function toUsd(picoUsd: bigint): number {
  return Number(picoUsd) / PICO_PER_USD;
}
