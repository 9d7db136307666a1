// The list of edges of the seed's shape, by the node they come from.
import { isObject, member } from "../../json-fields.ts";
import type { NodeIds } from "../node-ids.ts";
import type { Notes } from "../notes.ts";

export interface SeedEdge {
  /** The way out it stands for: next where nothing is said. */
  readonly way: string;
  readonly to: string;
}

/** Of one route. */
const EDGES_MAX = 5_000;

export function readSeedEdges(list: unknown, ids: NodeIds, notes: Notes): Map<string, SeedEdge[]> {
  const edges = new Map<string, SeedEdge[]>();
  if (!Array.isArray(list) || list.length > EDGES_MAX) {
    notes.problem("", "edges", `must be a list of at most ${EDGES_MAX} edges like {"from": "start", "to": "end"}`);
    return edges;
  }
  list.forEach((edge: unknown, index) => {
    const place = `edges[${index}]`;
    const from = readEnd(edge, "from", place, ids, notes);
    const to = readEnd(edge, "to", place, ids, notes);
    const condition = member(edge, "condition") ?? "next";
    const way = typeof condition === "boolean" ? String(condition) : condition;
    if (typeof way !== "string") notes.problem(place, "condition", "must be true, false or fallback");
    else if (from !== undefined && to !== undefined) edges.set(from, [...(edges.get(from) ?? []), { way, to }]);
  });
  return edges;
}

function readEnd(edge: unknown, field: string, place: string, ids: NodeIds, notes: Notes): string | undefined {
  const name = isObject(edge) ? member(edge, field) : undefined;
  if (typeof name !== "string") notes.problem(place, field, "must be the name of a node");
  else if (ids.get(name) === undefined) notes.problem(place, field, `there is no node ${name.slice(0, 200)}`);
  else return name;
  return undefined;
}
