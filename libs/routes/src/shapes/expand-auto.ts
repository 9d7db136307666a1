// Auto nodes for shapes that have none: their models, each falling back on the next, in the order they stand in.
import type { AutoNode, ModelNode, RouteNode } from "../document/route-document.ts";
import { unusedId } from "./node-ids.ts";
import type { Notes } from "./notes.ts";
import { takeOut } from "./take-out.ts";

export function expandAuto(nodes: readonly RouteNode[], notes: Notes): RouteNode[] {
  const taken = new Set(nodes.map(({ id }) => id));
  const empty = new Map<string, string>();
  const expanded = nodes.flatMap((node): RouteNode[] => {
    if (node.kind !== "auto") return [node];
    if (node.models.length > 0) return chain(node, taken, notes);
    const to = node.fallback ?? node.next;
    notes.warn(
      node.id,
      "models",
      `may be any model, which cannot be said; the node is left out, and what led to it leads to ${to}`,
    );
    empty.set(node.id, to);
    return [node];
  });
  return takeOut(expanded, empty, notes);
}

function chain(auto: AutoNode, taken: Set<string>, notes: Notes): ModelNode[] {
  const { mode, bandPercent, models, affinity, firstTokenMsMax, kind: _, ...attempts } = auto;
  notes.warn(auto.id, "mode", `${mode} cannot be said; its models are tried in the order they stand in`);
  if (bandPercent !== undefined) notes.warn(auto.id, "bandPercent", "cannot be said and is left out");
  if (affinity !== "none") notes.warn(auto.id, "affinity", "cannot be said and is left out");
  if (firstTokenMsMax !== undefined) notes.warn(auto.id, "firstTokenMsMax", "cannot be said and is left out");
  const ids = models.map((_name, index) => {
    const id = index === 0 ? auto.id : unusedId(auto.id, taken);
    taken.add(id);
    return id;
  });
  return models.map((model, index) => ({
    ...attempts,
    id: ids[index] ?? auto.id,
    kind: "model",
    model,
    fallback: ids[index + 1] ?? attempts.fallback,
  }));
}
