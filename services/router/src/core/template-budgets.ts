// Templates: a budget that has a counter of its own for each value of one field of the requests it matches. Counters are named
// after template and value, so that every router and the budget service mean the same one without telling each other.
import type { IndexedBudget, ScopeFacts, TemplateField } from "./budget-index.ts";
import { CounterMemory } from "./counter-memory.ts";
import type { TemplateCounter } from "./credit.ts";

/** Hex digits of the hash; 160 bits. */
const ID_DIGITS = 40;
/** As the budget service bounds it; a longer value is cut, and told apart by the hash. */
const VALUE_CHARS_MAX = 200;

/** A budget, or whatever else may have a counter for each value. */
export interface Templated {
  id: string;
  name: string;
  per?: TemplateField;
  template?: TemplateCounter;
}

export class TemplateBudgets<T extends Templated = IndexedBudget> {
  readonly #hash: (text: string) => string;
  readonly #counters = new CounterMemory<T>();
  /** Counter id -> the template it was made from, as it was then. */
  readonly #madeFrom = new WeakMap<T, T>();

  constructor(hash: (text: string) => string) {
    this.#hash = hash;
  }

  has(budgetId: string): boolean {
    return this.#counters.has(budgetId);
  }

  sweep(nowMs: number): void {
    this.#counters.sweep(nowMs);
  }

  /** Puts each template's counter in its place. A template does not apply to a request without a value of its field. */
  countedBy(matched: T[], facts: ScopeFacts, nowMs: number): T[] {
    if (matched.every(({ per }) => per === undefined)) return matched;
    return matched.flatMap((budget) => {
      if (budget.per === undefined) return [budget];
      const value = facts[budget.per];
      return value === "" ? [] : [this.#counterOf(budget, value, nowMs)];
    });
  }

  #counterOf(template: T, value: string, nowMs: number): T {
    const key = [template.id, template.per, value].join("\u0000");
    return this.#counters.use(key, nowMs, (known) => {
      if (known && this.#madeFrom.get(known) === template) return known;
      const counter = this.#make(key, template, value);
      this.#madeFrom.set(counter, template);
      return counter;
    });
  }

  #make(key: string, template: T, value: string): T {
    const shown = value.replace(/\p{Cc}/gu, "").slice(0, VALUE_CHARS_MAX);
    const counter: T = {
      ...template,
      id: `per.${this.#hash(key).slice(0, ID_DIGITS)}`,
      name: `${template.name} (${shown})`,
      template: { templateId: template.id, value: shown === "" ? "-" : shown },
    };
    delete counter.per;
    return counter;
  }
}
