// Counters that exist for as long as they are used: a bounded memory of budgets made from what requests bring, by what they count.
// Those that were not used for a while are forgotten, and their credit goes back.
import type { IndexedBudget } from "./budget-index.ts";

/** Longer than a grant lives, so that an idle counter's credit has gone back by itself. */
const IDLE_MS = 15 * 60_000;
const SWEEP_EVERY_MS = 10_000;
/** Counters in memory; beyond it the one unused for longest goes. */
const COUNTERS_MAX = 100_000;

interface Counter<T> {
  budget: T;
  usedMs: number;
}

export class CounterMemory<T extends { id: string } = IndexedBudget> {
  /** By what is counted; the one used last is last. */
  readonly #counters = new Map<string, Counter<T>>();
  readonly #ids = new Set<string>();
  #sweptMs = 0;

  has(budgetId: string): boolean {
    return this.#ids.has(budgetId);
  }

  /** The counter, as `renew` makes it from the known one or anew. The same key must always give the same id. */
  use(key: string, nowMs: number, renew: (known: T | undefined) => T): T {
    const known = this.#counters.get(key);
    const counter = { budget: renew(known?.budget), usedMs: nowMs };
    this.#counters.delete(key);
    this.#counters.set(key, counter);
    this.#ids.add(counter.budget.id);
    if (this.#counters.size > COUNTERS_MAX) this.#forgetOldest();
    return counter.budget;
  }

  sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    for (const { usedMs } of this.#counters.values()) {
      if (nowMs - usedMs < IDLE_MS) return;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    for (const [key, { budget }] of this.#counters) {
      this.#counters.delete(key);
      this.#ids.delete(budget.id);
      return;
    }
  }
}
