// Walking a checked graph: from the start to the first model, and on along the fallbacks, so that all candidates are known
// before the first attempt. The graph has no cycle, so a walk ends.
import type { CompiledNode, CompiledRoute } from "./compile.ts";
import type { Facts } from "./condition.ts";

/** A model the walk met, by the name the route gives it, and the nodes that led to it. */
export interface WalkedModel {
  name: string;
  path: string[];
}

/** More fallbacks than this are not considered. */
export const CANDIDATES_MAX = 16;

/** Models in the order in which they are to be tried; empty when the walk ends without one. */
export function walk(route: CompiledRoute, facts: Facts): WalkedModel[] {
  const found: WalkedModel[] = [];
  const path: string[] = [];
  let node: CompiledNode | undefined = route.start;
  while (node && found.length < CANDIDATES_MAX) {
    path.push(node.id);
    switch (node.kind) {
      case "start":
        node = node.next;
        break;
      case "if":
        node = node.condition(facts) ? node.whenTrue : node.whenFalse;
        break;
      case "model":
        found.push({ name: node.model, path: [...path] });
        node = node.fallback;
        break;
      case "end":
        node = undefined;
        break;
    }
  }
  return found;
}
