// What content filters found in one request and its answer: counted by filter, kind and action. Never what it was.
import type { FilterAction, FilterPlace, Found } from "@waybill/filters";
import type { Features, FilterFindings } from "@waybill/wire";

export interface FilterCount extends Found {
  where: FilterPlace;
  count: number;
}

const DONE: Readonly<Record<FilterAction, string>> = { block: "blocked", redact: "redacted", flag: "flagged" };

export class FilterTally {
  readonly #counts = new Map<string, FilterCount>();

  add(where: FilterPlace, { filter, kind, action }: Found): void {
    const key = `${where} ${filter} ${kind} ${action}`;
    const there = this.#counts.get(key);
    if (there) there.count += 1;
    else this.#counts.set(key, { where, filter, kind, action, count: 1 });
  }

  get counts(): FilterCount[] {
    return [...this.#counts.values()];
  }

  /** What the router is told: of a request that is blocked not even the short texts of its body. */
  told(features: Features): Features {
    const filterFindings = this.#in("input");
    const isBlocked = filterFindings.some(({ action }) => action === "block");
    return { ...features, ...(isBlocked && { bodyJson: "" }), filterFindings };
  }

  get inAnswer(): FilterFindings[] {
    return this.#in("output");
  }

  /** For the header x-waybill-filters, e.g. `pii:redacted(3),keys:flagged(1)`; empty: nothing was found. */
  get header(): string {
    const sums = new Map<string, number>();
    for (const { filter, action, count } of this.counts) {
      const name = `${filter}:${DONE[action]}`;
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
    return [...sums].map(([name, count]) => `${name}(${count})`).join(",");
  }

  #in(place: FilterPlace): FilterFindings[] {
    return this.counts.filter(({ where }) => where === place).map(({ where: _, ...findings }) => findings);
  }
}
