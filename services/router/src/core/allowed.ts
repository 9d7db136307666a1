// What a key may use: a list of <provider>/<model>, aliases and dynamic/<route>; empty: everything.
import type { Snapshot } from "./snapshot.ts";

export const ROUTE_PREFIX = "dynamic/";

export interface Allowed {
  route(name: string): boolean;
  /** `id`: <provider>/<model>. */
  model(id: string): boolean;
}

const EVERYTHING: Allowed = { route: () => true, model: () => true };

/** An alias on the list stands for the model it means at this moment. */
export function allowedBy(list: readonly string[], snapshot: Snapshot): Allowed {
  if (list.length === 0) return EVERYTHING;
  return {
    route: (name) => list.includes(ROUTE_PREFIX + name),
    model: (id) => list.some((entry) => entry === id || snapshot.aliasTarget(entry) === id),
  };
}
