// Route document to checked graph: exactly one start, every edge leads somewhere, no cycle, every path ends, every node can be
// reached, every condition compiles, every name exists. What passes here cannot fail at request time for a reason of its own.
import { type Condition, compileCondition } from "./condition.ts";
import { type RouteDocument, type RouteNode, type RouteProblem, readRouteDocument } from "./document.ts";

export type CompiledNode =
  | { kind: "start"; id: string; next: CompiledNode }
  | { kind: "if"; id: string; condition: Condition; whenTrue: CompiledNode; whenFalse: CompiledNode }
  | { kind: "model"; id: string; model: string; fallback: CompiledNode | undefined }
  | { kind: "end"; id: string };

export interface CompiledRoute {
  readonly name: string;
  readonly version: number;
  readonly start: CompiledNode;
}

export type Compilation = { route: CompiledRoute; problems: [] } | { route: undefined; problems: RouteProblem[] };

/**
 * Compiles a parsed JSON document. `nameExists` says whether a model name means something where the route is saved; a route
 * that is loaded does not ask, because a model may be taken away later.
 */
export function compileRoute(
  name: string,
  version: number,
  json: unknown,
  nameExists: (model: string) => boolean = () => true,
): Compilation {
  const { document, problems } = readRouteDocument(json);
  const conditions = new Map<string, Condition>();
  for (const node of document.nodes) {
    if (node.kind === "if") {
      const report = (field: string, problem: string): void => void problems.push({ node: node.id, field, problem });
      conditions.set(node.id, compileCondition(node.condition, report));
    } else if (node.kind === "model" && node.model !== "" && !nameExists(node.model)) {
      problems.push({ node: node.id, field: "model", problem: `${node.model} does not exist` });
    }
  }
  checkGraph(document, problems);
  const start = document.nodes.find(({ kind }) => kind === "start");
  if (problems.length > 0 || !start) return { route: undefined, problems };
  const byId = new Map(document.nodes.map((node) => [node.id, node]));
  return { route: { name, version, start: link(start.id, byId, conditions, new Map()) }, problems: [] };
}

function edgesOf(node: RouteNode): [field: string, to: string][] {
  if (node.kind === "start") return [["next", node.next]];
  if (node.kind === "end") return [];
  if (node.kind === "if") {
    return [
      ["whenTrue", node.whenTrue],
      ["whenFalse", node.whenFalse],
    ];
  }
  const next: [string, string][] = [["next", node.next]];
  return node.fallback === undefined ? next : [...next, ["fallback", node.fallback]];
}

function checkGraph({ nodes }: RouteDocument, problems: RouteProblem[]): void {
  const starts = nodes.filter(({ kind }) => kind === "start");
  if (starts.length !== 1) {
    problems.push({ node: "", field: "nodes", problem: `must hold exactly one start, not ${starts.length}` });
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) {
    for (const [field, to] of edgesOf(node)) {
      const target = byId.get(to);
      if (to !== "" && !target) problems.push({ node: node.id, field, problem: `there is no node ${to}` });
      else if (target?.kind === "start")
        problems.push({ node: node.id, field, problem: "must not lead back to the start" });
      else if (node.kind === "model" && field === "next" && target && target.kind !== "end") {
        problems.push({ node: node.id, field, problem: "must lead to an end: a model's answer is the route's answer" });
      }
    }
  }
  const reached = new Set<string>();
  for (const start of starts) visit(start, byId, reached, new Set(), problems);
  for (const node of nodes) {
    if (!reached.has(node.id)) problems.push({ node: node.id, field: "", problem: "can never be reached" });
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

/** Builds the linked graph; each node once, so that nodes with several ways in are shared. Only for a graph that was checked. */
function link(
  id: string,
  byId: ReadonlyMap<string, RouteNode>,
  conditions: ReadonlyMap<string, Condition>,
  linked: Map<string, CompiledNode>,
): CompiledNode {
  const known = linked.get(id);
  if (known) return known;
  const node = byId.get(id);
  if (!node) throw new Error("a checked graph lost a node");
  const to = (next: string): CompiledNode => link(next, byId, conditions, linked);
  const made = linkOne(node, to, conditions);
  linked.set(id, made);
  return made;
}

function linkOne(
  node: RouteNode,
  to: (id: string) => CompiledNode,
  conditions: ReadonlyMap<string, Condition>,
): CompiledNode {
  const { id } = node;
  switch (node.kind) {
    case "start":
      return { kind: "start", id, next: to(node.next) };
    case "end":
      return { kind: "end", id };
    case "model":
      return {
        kind: "model",
        id,
        model: node.model,
        fallback: node.fallback === undefined ? undefined : to(node.fallback),
      };
    case "if": {
      const condition = conditions.get(id);
      if (!condition) throw new Error("a checked graph lost a condition");
      return { kind: "if", id, condition, whenTrue: to(node.whenTrue), whenFalse: to(node.whenFalse) };
    }
  }
}
