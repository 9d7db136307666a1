// Budgets and standings as the budget service pushes them, to what the core works with.
import { type Budget, Enforcement, type Standing } from "@waybill/wire";
import type { IndexedBudget, TemplateField } from "../core/budget-index.ts";
import type { StandingFigures } from "../core/remaining.ts";

const FIELDS: Readonly<Record<string, TemplateField>> = {
  team_id: "teamId",
  user_id: "userId",
  key_id: "keyId",
  end_user_id: "endUserId",
};

/** An enforcement this program does not know is taken as hard, a template of a field it does not know as one counter for all. */
export function fromWireBudgets(budgets: readonly Budget[]): IndexedBudget[] {
  return budgets.flatMap(({ id, name, scope, enforcement, unit, per, onExhausted, whenAway, awayAllowance }) => {
    if (!scope) return [];
    const field = FIELDS[per];
    const away = { whenAway, awayAllowance: BigInt(awayAllowance === "" ? 0 : awayAllowance) };
    const rule = { hard: isHard(enforcement), unit, onExhausted, ...away, ...(field && { per: field }) };
    return [{ id, name, scope, ...rule }];
  });
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
