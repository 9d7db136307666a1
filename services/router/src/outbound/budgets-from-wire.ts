// Budgets, rate limits and standings as the budget service pushes them, to what the core works with.
import { type Budget, Enforcement, type RateLimit, type Standing } from "@waybill/wire";
import type { IndexedBudget, TemplateField } from "../core/budget-index.ts";
import type { IndexedRateLimit } from "../core/rate-hand.ts";
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

const RATE_UNITS: ReadonlySet<string> = new Set(["requests", "tokens", "concurrency"]);

/** A unit this program does not know is not counted here. */
export function fromWireRateLimits(limits: readonly RateLimit[]): IndexedRateLimit[] {
  return limits.flatMap(({ id, scope, per, unit, amount, perSeconds, burst }) => {
    if (!scope || !RATE_UNITS.has(unit)) return [];
    const field = FIELDS[per];
    const rule = { unit, amount: Number(amount), perSeconds, burst: Number(burst) };
    return [{ id, name: id, scope, ...rule, ...(field && { per: field }) }];
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
