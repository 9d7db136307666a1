// Which budgets match a request, by index: the cost depends on the budgets of that key, user and team, not on all of them.
import type { MatchedBudget } from "./credit.ts";

/** Every field that is set must match; empty: any. */
export interface BudgetScope {
  organisationId: string;
  teamId: string;
  userId: string;
  keyId: string;
  endUserId: string;
  route: string;
  provider: string;
  model: string;
  tagName: string;
  tagValue: string;
}

export interface IndexedBudget extends MatchedBudget {
  name: string;
  scope: BudgetScope;
  /** False for budgets that hold no worst case: soft and observe. */
  hard: boolean;
  /** Set for a template: each value of this field has a counter of its own. */
  per?: TemplateField;
  /** In the unit; with WHEN_AWAY_ALLOW. */
  awayAllowance?: bigint;
}

/** Whatever has a scope can be looked up by it. */
export interface Scoped {
  id: string;
  scope: BudgetScope;
}

export type TemplateField = "teamId" | "userId" | "keyId" | "endUserId";

export const EMPTY_SCOPE: BudgetScope = {
  organisationId: "",
  teamId: "",
  userId: "",
  keyId: "",
  endUserId: "",
  route: "",
  provider: "",
  model: "",
  tagName: "",
  tagValue: "",
};

/** What of a request a scope is compared with. */
export interface ScopeFacts {
  organisationId: string;
  teamId: string;
  userId: string;
  keyId: string;
  endUserId: string;
  tags: Readonly<Record<string, string>>;
}

/** What of a candidate a scope is compared with. */
export interface ScopeTarget {
  route: string;
  provider: string;
  model: string;
}

type Field = Exclude<keyof BudgetScope, "tagValue">;
/** A budget is filed under the first of these that it sets: the most selective ones first. */
const FIELDS: readonly Field[] = [
  "keyId",
  "endUserId",
  "userId",
  "teamId",
  "tagName",
  "organisationId",
  "model",
  "provider",
  "route",
];

export class BudgetIndex<T extends Scoped = IndexedBudget> {
  readonly #byField = new Map<Field, Map<string, T[]>>();
  readonly #ids = new Set<string>();

  constructor(budgets: readonly T[]) {
    for (const budget of budgets) {
      const field = FIELDS.find((name) => budget.scope[name] !== "");
      // An empty scope is refused when a budget is saved; here it matches nothing.
      if (field === undefined) continue;
      this.#ids.add(budget.id);
      const byValue = this.#byField.get(field) ?? new Map<string, T[]>();
      this.#byField.set(field, byValue);
      const value = budget.scope[field];
      const filed = byValue.get(value);
      if (filed) filed.push(budget);
      else byValue.set(value, [budget]);
    }
  }

  get size(): number {
    return this.#ids.size;
  }

  has(budgetId: string): boolean {
    return this.#ids.has(budgetId);
  }

  /** Every budget that matches. */
  match(facts: ScopeFacts, target: ScopeTarget): T[] {
    const matched: T[] = [];
    for (const [field, byValue] of this.#byField) {
      if (field === "tagName") {
        for (const name of Object.keys(facts.tags)) collect(byValue.get(name), facts, target, matched);
      } else {
        collect(byValue.get(fieldValue(field, facts, target)), facts, target, matched);
      }
    }
    return matched;
  }
}

function fieldValue(field: Exclude<Field, "tagName">, facts: ScopeFacts, target: ScopeTarget): string {
  return field === "route" || field === "provider" || field === "model" ? target[field] : facts[field];
}

function collect<T extends Scoped>(
  filed: readonly T[] | undefined,
  facts: ScopeFacts,
  target: ScopeTarget,
  matched: T[],
): void {
  if (filed) for (const budget of filed) if (matches(budget.scope, facts, target)) matched.push(budget);
}

function matches(scope: BudgetScope, facts: ScopeFacts, target: ScopeTarget): boolean {
  return (
    fits(scope.organisationId, facts.organisationId) &&
    fits(scope.teamId, facts.teamId) &&
    fits(scope.userId, facts.userId) &&
    fits(scope.keyId, facts.keyId) &&
    fits(scope.endUserId, facts.endUserId) &&
    fits(scope.route, target.route) &&
    fits(scope.provider, target.provider) &&
    fits(scope.model, target.model) &&
    (scope.tagName === "" || tagFits(scope, facts.tags))
  );
}

function fits(wanted: string, given: string): boolean {
  return wanted === "" || wanted === given;
}

/** An empty value stands for any value of that tag. */
function tagFits({ tagName, tagValue }: BudgetScope, tags: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(tags, tagName) && fits(tagValue, tags[tagName] ?? "");
}
