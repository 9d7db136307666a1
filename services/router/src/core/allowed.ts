// What a key may use: a list of <provider>/<model>, aliases, `auto` and dynamic/<route>; empty: everything.
import type { Snapshot } from "./snapshot.ts";

export const ROUTE_PREFIX = "dynamic/";
/** The route that every installation has: any model, balanced. */
export const AUTO_NAME = "auto";

export interface Allowed {
  readonly isEverything: boolean;
  route(name: string): boolean;
  /** `id`: <provider>/<model>. */
  model(id: string): boolean;
}

const EVERYTHING: Allowed = { isEverything: true, route: () => true, model: () => true };

/** An alias on the list stands for the model it means at this moment. A route on the list brings all its models with it; `auto` does not. */
export function allowedBy(list: readonly string[], snapshot: Snapshot): Allowed {
  if (list.length === 0) return EVERYTHING;
  return {
    isEverything: false,
    route: (name) => list.includes(ROUTE_PREFIX + name),
    model: (id) => list.some((entry) => entry === id || snapshot.aliasTarget(entry) === id),
  };
}
