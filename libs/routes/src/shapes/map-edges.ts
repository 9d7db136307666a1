// Leading the edges of nodes elsewhere, and what can still be reached then.
import { edgesOf } from "../document/check-graph.ts";
import type { RouteNode } from "../document/route-document.ts";

/** The node with every edge led through `lead`. */
export function mapEdges<N extends RouteNode>(node: N, lead: (to: string) => string): N;
export function mapEdges(node: RouteNode, lead: (to: string) => string): RouteNode {
  switch (node.kind) {
    case "start":
      return { ...node, next: lead(node.next) };
    case "if":
      return { ...node, whenTrue: lead(node.whenTrue), whenFalse: lead(node.whenFalse) };
    case "split":
      return { ...node, shares: node.shares.map((share) => ({ ...share, next: lead(share.next) })) };
    case "limit":
      return { ...node, within: lead(node.within), exceeded: lead(node.exceeded) };
    case "model":
    case "auto":
      return {
        ...node,
        next: lead(node.next),
        fallback: node.fallback === undefined ? undefined : lead(node.fallback),
      };
    case "end":
      return node;
  }
}

/** Ids of the nodes that `from` leads to, itself included. */
export function reachableFrom(from: string, nodes: readonly RouteNode[]): Set<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const reached = new Set<string>();
  const waiting = [from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = byId.get(id);
    if (!node || reached.has(id)) continue;
    reached.add(id);
    for (const [, to] of edgesOf(node)) waiting.push(to);
  }
  return reached;
}

/** The nodes that the start leads to. */
export function reachableNodes(nodes: readonly RouteNode[]): RouteNode[] {
  const start = nodes.find(({ kind }) => kind === "start");
  const reached = start ? reachableFrom(start.id, nodes) : new Set<string>();
  return nodes.filter(({ id }) => reached.has(id));
}
