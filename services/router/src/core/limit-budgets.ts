// Counters of limit nodes as budgets: named after what they count, so that every router and the budget service mean the same one
// without telling each other. Those that were not used for a while are forgotten, and their credit goes back.
import { BudgetUnit, type LimitDefinition } from "@waybill/wire";
import { type BudgetScope, EMPTY_SCOPE, type IndexedBudget } from "./budget-index.ts";

/** Longer than a grant lives, so that an idle counter's credit has gone back by itself. */
const IDLE_MS = 15 * 60_000;
const SWEEP_EVERY_MS = 10_000;
/** Counters in memory; beyond it the one unused for longest goes. */
const COUNTERS_MAX = 100_000;
/** Hex digits of the hash; 160 bits. */
const ID_DIGITS = 40;

interface Counter {
  budget: IndexedBudget;
  usedMs: number;
}

export class LimitBudgets {
  readonly #hash: (text: string) => string;
  /** By what is counted; the one used last is last. */
  readonly #counters = new Map<string, Counter>();
  readonly #ids = new Set<string>();
  #sweptMs = 0;

  constructor(hash: (text: string) => string) {
    this.#hash = hash;
  }

  has(budgetId: string): boolean {
    return this.#ids.has(budgetId);
  }

  budgetOf(definition: LimitDefinition, nowMs: number): IndexedBudget {
    const key = keyOf(definition);
    const known = this.#counters.get(key);
    if (known) {
      known.usedMs = nowMs;
      // Another version of the route may say another amount: the one that asks last is right.
      if (known.budget.limit?.amount !== definition.amount) known.budget = { ...known.budget, limit: definition };
      this.#counters.delete(key);
      this.#counters.set(key, known);
      return known.budget;
    }
    const budget = this.#make(key, definition);
    this.#counters.set(key, { budget, usedMs: nowMs });
    this.#ids.add(budget.id);
    if (this.#counters.size > COUNTERS_MAX) this.#forgetOldest();
    return budget;
  }

  sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    for (const { usedMs } of this.#counters.values()) {
      if (nowMs - usedMs < IDLE_MS) return;
      this.#forgetOldest();
    }
  }

  #make(key: string, definition: LimitDefinition): IndexedBudget {
    const { organisationId, route, node, keyValue } = definition;
    const scope: BudgetScope = { ...EMPTY_SCOPE, organisationId, route };
    const name = `${route}/${node}${keyValue === "" ? "" : ` ${keyValue}`}`;
    const id = `limit.${this.#hash(key).slice(0, ID_DIGITS)}`;
    return { id, name, scope, hard: true, unit: definition.unit, limit: definition };
  }

  #forgetOldest(): void {
    for (const [key, { budget }] of this.#counters) {
      this.#counters.delete(key);
      this.#ids.delete(budget.id);
      return;
    }
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
