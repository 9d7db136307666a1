// A limit behind a model could act only when the money is spent: it is checked in front of the model instead.
import { edgesOf } from "../document/check-graph.ts";
import type { LimitNode, RouteNode } from "../document/route-document.ts";
import { mapEdges, reachableFrom } from "./map-edges.ts";
import type { NodeIds } from "./node-ids.ts";
import type { Notes } from "./notes.ts";

export interface HoistOptions {
  /** Ids of the models that led to the limit, and lead past it now. */
  readonly models: readonly string[];
  readonly adoptsFallback: boolean;
}

/**
 * The nodes with the limit in front of each of the models. A model that is where the limit leads when it is used up gets no check:
 * there is nothing cheaper to go to. What comes from there to another model goes straight on as well.
 */
export function hoistLimit(
  nodes: readonly RouteNode[],
  limit: LimitNode,
  { models, adoptsFallback }: HoistOptions,
  ids: NodeIds,
  notes: Notes,
): RouteNode[] {
  // Something else than a model leads to it as well.
  const isKept = nodes.some(({ id }) => id === limit.id);
  const usedUp = reachableFrom(limit.exceeded, nodes);
  let result = [...nodes];
  const guarded: string[] = [];
  for (const model of models) {
    const isFallback = model === limit.exceeded;
    const leadsHere = (node: RouteNode): boolean =>
      !usedUp.has(node.id) && edgesOf(node).some(([, to]) => to === model);
    if (isFallback || !result.some(leadsHere)) {
      const why = isFallback
        ? `where ${limit.id} leads when it is used up`
        : `reached only when ${limit.id} is used up`;
      notes.warn(model, "", `is ${why}, so it is called without that check and what it costs elsewhere is not counted`);
      continue;
    }
    const id = isKept || guarded.length > 0 ? ids.unused(limit.id) : limit.id;
    guarded.push(model);
    notes.warn(
      limit.id,
      "",
      `stands behind ${model}, when the money is spent; it is checked in front of ${model} instead`,
    );
    result = result.flatMap((node) => {
      if (node.id === model) return [{ ...limit, id, within: model }, adopt(node, limit, adoptsFallback, nodes, notes)];
      return [leadsHere(node) ? mapEdges(node, (to) => (to === model ? id : to)) : node];
    });
  }
  warnOfCopies(limit, guarded, notes);
  return result;
}

function adopt(
  node: RouteNode,
  limit: LimitNode,
  adopts: boolean,
  nodes: readonly RouteNode[],
  notes: Notes,
): RouteNode {
  const target = nodes.find(({ id }) => id === limit.exceeded);
  if (!adopts || node.kind !== "model" || node.fallback !== undefined || target?.kind !== "model") return node;
  if (reachableFrom(target.id, nodes).has(node.id)) return node;
  notes.warn(node.id, "fallback", `is ${target.id}, as that of ${limit.id}: it has none of its own`);
  return { ...node, fallback: target.id };
}

function warnOfCopies(limit: LimitNode, guarded: readonly string[], notes: Notes): void {
  if (guarded.length < 2) return;
  const text = `is there once for each of ${guarded.join(", ")}, and each counts for itself: together up to ${guarded.length} times its amount`;
  notes.warn(limit.id, "", text);
}
