// Budgets and standings as the budget service pushes them, to what the core works with.
import { type Budget, BudgetUnit, Enforcement, type Standing } from "@waybill/wire";
import type { IndexedBudget } from "../core/budget-index.ts";
import type { StandingFigures } from "../core/remaining.ts";

/** Only `soft` and `observe` never refuse; an enforcement this program does not know is taken as hard. */
export function fromWireBudgets(budgets: readonly Budget[]): IndexedBudget[] {
  return budgets.flatMap(({ id, name, scope, enforcement }) =>
    scope ? [{ id, name, scope, hard: isHard(enforcement), unit: BudgetUnit.UNSPECIFIED }] : [],
  );
}

function isHard(enforcement: Enforcement): boolean {
  return enforcement !== Enforcement.SOFT && enforcement !== Enforcement.OBSERVE;
}

export function fromWireStanding(standing: Standing): StandingFigures {
  return {
    limit: BigInt(standing.limitPicoUsd),
    posted: BigInt(standing.postedPicoUsd),
    held: BigInt(standing.heldPicoUsd),
    granted: BigInt(standing.grantedPicoUsd),
  };
}
