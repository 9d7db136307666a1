// Elsewhere a model's answer may lead on to other nodes; here it is the route's answer. Limits behind models are hoisted in front of
// them, decisions that end without another model are cut, and the rest is a problem.
import { type LimitNode, type ModelNode, NODES_MAX, type RouteNode } from "../document/route-document.ts";
import { hoistLimit } from "./hoist-limit.ts";
import { reachableFrom } from "./map-edges.ts";
import type { NodeIds } from "./node-ids.ts";
import type { Notes } from "./notes.ts";

export interface LeadOptions {
  /** What the text calls the edge that is taken after an answer. */
  readonly field: string;
  /** A model in front of which a limit is hoisted, and that has no fallback, takes the limit's. */
  readonly adoptsFallback: boolean;
}

/** The nodes, with every model that leads somewhere leading to an end. */
export function leadModelsToAnEnd(
  nodes: readonly RouteNode[],
  options: LeadOptions,
  ids: NodeIds,
  notes: Notes,
): RouteNode[] {
  const behind = new Map<string, string[]>();
  let result = nodes.map((node) => {
    if (node.kind !== "model") return node;
    const { end, limits } = followAnswer(node, nodes);
    for (const { id } of limits) behind.set(id, [...(behind.get(id) ?? []), node.id]);
    if (end === undefined) {
      notes.problem(node.id, options.field, "must lead to an end: a model's answer is the route's answer");
    } else if (limits.length === 0 && end !== "" && end !== node.next) {
      notes.warn(node.id, options.field, `leads to ${end} at once: nothing on the way would change the answer`);
    }
    return end === undefined ? node : { ...node, next: end };
  });
  const limits = nodes
    .filter((node): node is LimitNode => node.kind === "limit" && behind.has(node.id))
    .map((limit, _, all) => ({ ...limit, exceeded: exceededOf(limit, all) }));
  const copies = limits.reduce((sum, { id }) => sum + (behind.get(id)?.length ?? 0), 0);
  if (result.length + copies > NODES_MAX) {
    notes.problem("", "", `has so many limits behind models that there would be more than ${NODES_MAX} nodes`);
    return result;
  }
  const start = nodes.find(({ kind }) => kind === "start")?.id ?? "";
  const roots = [start, ...limits.map(({ exceeded }) => exceeded)];
  const reached = new Set(roots.flatMap((root) => [...reachableFrom(root, result)]));
  result = result.filter(({ id }) => reached.has(id) || !behind.has(id));
  for (const limit of limits) {
    const models = behind.get(limit.id) ?? [];
    result = hoistLimit(result, limit, { models, adoptsFallback: options.adoptsFallback }, ids, notes);
  }
  return withoutCutOff(nodes, result, (id) => behind.has(id), notes);
}

/** Where a limit leads that leads to other limits behind models when it is used up: these are then taken as used up as well. */
function exceededOf(limit: LimitNode, limits: readonly LimitNode[]): string {
  let { exceeded } = limit;
  for (let step = 0; step < limits.length; step += 1) {
    const next = limits.find(({ id }) => id === exceeded);
    if (!next) return exceeded;
    exceeded = next.exceeded;
  }
  return exceeded;
}

/** Without what only an answer led to. What nothing led to before is a problem, and for the check of the graph. */
function withoutCutOff(
  before: readonly RouteNode[],
  after: readonly RouteNode[],
  isHoisted: (id: string) => boolean,
  notes: Notes,
): RouteNode[] {
  const start = before.find(({ kind }) => kind === "start")?.id ?? "";
  const reachedBefore = reachableFrom(start, before);
  const reached = reachableFrom(start, after);
  return after.filter(({ id }) => {
    const isCutOff = reachedBefore.has(id) && !reached.has(id);
    if (isCutOff && !isHoisted(id)) notes.warn(id, "", "is left out: only an answer led to it");
    return !isCutOff;
  });
}

interface Answered {
  /** undefined: there is none, or another model would answer as well. Empty: the edge itself is a problem already. */
  readonly end: string | undefined;
  /** What stands between the model and the end. */
  readonly limits: readonly LimitNode[];
}

function followAnswer({ next }: ModelNode, nodes: readonly RouteNode[]): Answered {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const limits: LimitNode[] = [];
  let node = byId.get(next);
  while (node?.kind === "limit" && !limits.includes(node)) {
    limits.push(node);
    node = byId.get(node.within);
  }
  if (node === undefined) return { end: "", limits: [] };
  if (node.kind === "end") return { end: node.id, limits };
  const after = reachableFrom(next, nodes);
  const others = nodes.filter(({ id }) => after.has(id));
  if (others.some(({ kind }) => kind === "model")) return { end: undefined, limits: [] };
  return { end: others.find(({ kind }) => kind === "end")?.id, limits: [] };
}
