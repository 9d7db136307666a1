// What is left of budgets, from the standings the budget service pushes and from what was cut here since. For people to read;
// it never decides anything.
import { minPicoUsd, type PicoUsd } from "@waybill/domain";

interface Known {
  /** Limit less posted, held and granted, when it was told. */
  freePicoUsd: PicoUsd;
  /** Exact holds placed since then. */
  placedSincePicoUsd: PicoUsd;
}

export interface StandingFigures {
  limit: PicoUsd;
  posted: PicoUsd;
  held: PicoUsd;
  granted: PicoUsd;
}

export class Remaining {
  readonly #known = new Map<string, Known>();

  told(budgetId: string, { limit, posted, held, granted }: StandingFigures): void {
    this.#known.set(budgetId, { freePicoUsd: limit - posted - held - granted, placedSincePicoUsd: 0n });
  }

  placed(budgetId: string, amount: PicoUsd): void {
    const known = this.#known.get(budgetId);
    if (known) known.placedSincePicoUsd += amount;
  }

  forget(isKnownBudget: (budgetId: string) => boolean): void {
    for (const budgetId of this.#known.keys()) if (!isKnownBudget(budgetId)) this.#known.delete(budgetId);
  }

  /** The rest of the tightest of these budgets, never below zero; undefined when nothing is known of any. */
  tightest(budgets: readonly { id: string }[], inHand: (budgetId: string) => PicoUsd): PicoUsd | undefined {
    let least: PicoUsd | undefined;
    for (const { id } of budgets) {
      const known = this.#known.get(id);
      if (!known) continue;
      const rest = known.freePicoUsd - known.placedSincePicoUsd + inHand(id);
      least = least === undefined ? rest : minPicoUsd(least, rest);
    }
    return least === undefined || least > 0n ? least : 0n;
  }
}
