// Taking nodes out that a shape cannot say: what led to them leads past them, and what nothing leads to any more goes as well.
import type { RouteNode } from "../document/route-document.ts";
import { mapEdges, reachableNodes } from "./map-edges.ts";
import type { Notes } from "./notes.ts";

/** `past`: where to go instead of each of the nodes, which may be one of them again. */
export function takeOut(nodes: readonly RouteNode[], past: ReadonlyMap<string, string>, notes: Notes): RouteNode[] {
  if (past.size === 0) return [...nodes];
  const lead = (to: string): string => {
    let id = to;
    // Without a circle no more steps than nodes are needed.
    for (let step = 0; step <= past.size; step += 1) id = past.get(id) ?? id;
    return id;
  };
  return withoutUnreached(
    nodes.filter(({ id }) => !past.has(id)).map((node) => mapEdges(node, lead)),
    notes,
  );
}

export function withoutUnreached(nodes: readonly RouteNode[], notes: Notes): RouteNode[] {
  const reached = reachableNodes(nodes);
  for (const node of nodes) {
    if (!reached.includes(node)) notes.warn(node.id, "", "is left out: nothing leads to it any more");
  }
  return reached;
}
