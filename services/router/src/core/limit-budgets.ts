// Counters of limit nodes as budgets: named after what they count, so that every router and the budget service mean the same one
// without telling each other.
import { BudgetUnit, type LimitDefinition } from "@waybill/wire";
import { type BudgetScope, EMPTY_SCOPE, type IndexedBudget } from "./budget-index.ts";
import { CounterMemory } from "./counter-memory.ts";

/** Hex digits of the hash; 160 bits. */
const ID_DIGITS = 40;

export class LimitBudgets {
  readonly #hash: (text: string) => string;
  readonly #counters = new CounterMemory();

  constructor(hash: (text: string) => string) {
    this.#hash = hash;
  }

  has(budgetId: string): boolean {
    return this.#counters.has(budgetId);
  }

  budgetOf(definition: LimitDefinition, nowMs: number): IndexedBudget {
    const key = keyOf(definition);
    return this.#counters.use(key, nowMs, (known) => {
      if (!known) return this.#make(key, definition);
      // Another version of the route may say another amount: the one that asks last is right.
      return known.limit?.amount === definition.amount ? known : { ...known, limit: definition };
    });
  }

  sweep(nowMs: number): void {
    this.#counters.sweep(nowMs);
  }

  #make(key: string, definition: LimitDefinition): IndexedBudget {
    const { organisationId, route, node, keyValue } = definition;
    const scope: BudgetScope = { ...EMPTY_SCOPE, organisationId, route };
    const name = `${route}/${node}${keyValue === "" ? "" : ` ${keyValue}`}`;
    const id = `limit.${this.#hash(key).slice(0, ID_DIGITS)}`;
    return { id, name, scope, hard: true, unit: definition.unit, limit: definition };
  }
}

/** Another amount is the same counter; another unit or window is another one. */
function keyOf({ organisationId, route, node, keyValue, unit, windowKind, windowSeconds }: LimitDefinition): string {
  return [organisationId, route, node, keyValue, unit, windowKind, windowSeconds].join("\u0000");
}

/** True for money. */
export function countsMoney({ unit }: { unit: BudgetUnit }): boolean {
  return unit === BudgetUnit.UNSPECIFIED;
}
