// Is the graph sound? Exactly one start, every edge leads somewhere, no circle, every path ends, every node can be reached.
import type { RouteDocument, RouteNode, RouteProblem } from "./route-document.ts";

/** The edges of a node as [field, id of the node it leads to]. */
export function edgesOf(node: RouteNode): [field: string, to: string][] {
  switch (node.kind) {
    case "start":
      return [["next", node.next]];
    case "if":
      return [
        ["whenTrue", node.whenTrue],
        ["whenFalse", node.whenFalse],
      ];
    case "split":
      return node.shares.map(({ next }, index) => [`shares[${index}].next`, next]);
    case "limit":
      return [
        ["within", node.within],
        ["exceeded", node.exceeded],
      ];
    case "model":
    case "auto":
      return node.fallback === undefined
        ? [["next", node.next]]
        : [
            ["next", node.next],
            ["fallback", node.fallback],
          ];
    case "end":
      return [];
  }
}

/** Every problem of the graph. Edges that could not be read are empty and were reported before. */
export function checkGraph({ nodes }: RouteDocument): RouteProblem[] {
  const problems: RouteProblem[] = [];
  const starts = nodes.filter(({ kind }) => kind === "start");
  if (starts.length !== 1) {
    problems.push({ node: "", field: "nodes", problem: `must hold exactly one start, not ${starts.length}` });
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const [field, to] of edgesOf(node)) checkEdge(node, field, to, byId, problems);
  const reached = new Set<string>();
  for (const start of starts) visit(start, byId, reached, new Set(), problems);
  for (const node of nodes) {
    if (!reached.has(node.id)) problems.push({ node: node.id, field: "", problem: "can never be reached" });
  }
  return problems;
}

function checkEdge(
  node: RouteNode,
  field: string,
  to: string,
  byId: ReadonlyMap<string, RouteNode>,
  problems: RouteProblem[],
): void {
  const target = byId.get(to);
  if (to !== "" && !target) problems.push({ node: node.id, field, problem: `there is no node ${to}` });
  else if (target?.kind === "start")
    problems.push({ node: node.id, field, problem: "must not lead back to the start" });
  else if ((node.kind === "model" || node.kind === "auto") && field === "next" && target && target.kind !== "end") {
    problems.push({ node: node.id, field, problem: "must lead to an end: a model's answer is the route's answer" });
  }
}

/** Depth-first; at most NODES_MAX deep because every node is entered once. */
function visit(
  node: RouteNode,
  byId: ReadonlyMap<string, RouteNode>,
  reached: Set<string>,
  above: Set<string>,
  problems: RouteProblem[],
): void {
  if (reached.has(node.id)) return;
  reached.add(node.id);
  above.add(node.id);
  for (const [field, to] of edgesOf(node)) {
    const target = byId.get(to);
    if (!target) continue;
    if (above.has(to)) problems.push({ node: node.id, field, problem: `leads in a circle through ${to}` });
    else visit(target, byId, reached, above, problems);
  }
  above.delete(node.id);
}
