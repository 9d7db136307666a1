// Whether a budget can ever bind beside the others: one that lies within another, over the same windows and with a larger limit, cannot.
import { formatUsd } from "@waybill/domain";
import { type BudgetRule, hasSameWindows, PER_FIELDS, type Problem, SCOPE_FIELDS } from "./budget-rule.ts";
import type { Unit } from "./operation.ts";

/** A budget and what its scope implies: the team of its user, the user and team of its key. Empty: nothing. */
export interface PlacedBudget {
  rule: BudgetRule;
  implied: { teamId: string; userId: string };
}

/** More say nothing new. */
const PROBLEMS_MAX = 20;

export function checkReach(placed: PlacedBudget, others: readonly PlacedBudget[]): Problem[] {
  const problems: Problem[] = [];
  for (const other of others) {
    if (problems.length >= PROBLEMS_MAX) break;
    const [mine, theirs] = [placed.rule, other.rule];
    if (neverBinds(placed, other)) {
      problems.push({
        field: "limit",
        problem: `can never bind: budget ${theirs.id} covers all of it with a smaller limit, ${amountText(theirs)}; lower it, or allow it with allowUnreachable`,
      });
    }
    if (neverBinds(other, placed)) {
      problems.push({
        field: "limit",
        problem: `keeps budget ${theirs.id} from ever binding, whose limit within it is larger, ${amountText(theirs)}; change that one first, or allow it with allowUnreachable (this one: ${amountText(mine)})`,
      });
    }
  }
  return problems;
}

/** True when whatever would reach `narrow`'s limit is refused by `wide` before. */
function neverBinds(narrow: PlacedBudget, wide: PlacedBudget): boolean {
  const [a, b] = [narrow.rule, wide.rule];
  return (
    a.unit === b.unit &&
    a.limit > b.limit &&
    a.enforcement !== "observe" &&
    b.enforcement === "hard" &&
    // What it carries over may let it pass the other one's limit.
    !b.carryOver &&
    hasSameWindows(a, b) &&
    liesWithin(narrow, b)
  );
}

/** True when every request that matches the one matches the other, and counts on one of the other's counters. */
function liesWithin({ rule, implied }: PlacedBudget, wide: BudgetRule): boolean {
  const scope = {
    ...rule.scope,
    teamId: rule.scope.teamId || implied.teamId,
    userId: rule.scope.userId || implied.userId,
  };
  if (!SCOPE_FIELDS.every((field) => wide.scope[field] === "" || wide.scope[field] === scope[field])) return false;
  const per = PER_FIELDS[wide.per];
  return per === undefined || wide.per === rule.per || scope[per] !== "";
}

const UNIT_WORDS: Readonly<Record<Unit, string>> = { usd: "USD", tokens: "tokens", requests: "requests" };

function amountText({ unit, limit }: BudgetRule): string {
  return `${unit === "usd" ? formatUsd(limit) : limit} ${UNIT_WORDS[unit]}`;
}
