// Elements as a route document: all elements, then what only the whole can say.
import { NODES_MAX, type RouteNode } from "../../document/route-document.ts";
import { isObject, member } from "../../json-fields.ts";
import { leadModelsToAnEnd } from "../lead-models-to-an-end.ts";
import { NodeIds } from "../node-ids.ts";
import type { Notes } from "../notes.ts";
import type { ElementDialect } from "./dialect.ts";
import { ElementReader } from "./element-reader.ts";
import { readElement } from "./read-element.ts";

/** The nodes; edges that lead nowhere are empty, and a problem. */
export function readElements(elements: unknown, dialect: ElementDialect, notes: Notes): RouteNode[] {
  if (!Array.isArray(elements)) {
    notes.problem("", "elements", "must be a list of elements");
    return [];
  }
  if (elements.length > NODES_MAX) {
    notes.problem("", "elements", `holds ${elements.length} elements, more than ${NODES_MAX}`);
    return [];
  }
  const named = nameElements(elements, notes);
  const ids = new NodeIds([...named.keys()], notes);
  const nodes: RouteNode[] = [];
  for (const [id, element] of named) {
    const reader = new ElementReader(id, isObject(element) ? element : {}, dialect, ids, notes);
    const node = readElement(ids.get(id) ?? "", member(element, "type"), reader);
    if (!node) continue;
    nodes.push(node);
    reader.warnOfTheRest();
  }
  return leadModelsToAnEnd(endLimits(nodes, ids), { field: "outputs.success", adoptsFallback: false }, ids, notes);
}

function nameElements(elements: readonly unknown[], notes: Notes): Map<string, unknown> {
  const named = new Map<string, unknown>();
  elements.forEach((element, index) => {
    const id = member(element, "id");
    if (!isObject(element)) notes.problem(`elements[${index}]`, "", "must be an object");
    else if (typeof id !== "string") notes.problem(`elements[${index}]`, "id", "must be text");
    else if (named.has(id)) notes.problem(id, "id", "stands here twice");
    else named.set(id, element);
  });
  return named;
}

/** A limit without a fallback ends the request without an answer. */
function endLimits(nodes: readonly RouteNode[], ids: NodeIds): RouteNode[] {
  if (!nodes.some((node) => node.kind === "limit" && node.exceeded === "")) return [...nodes];
  const known = nodes.find(({ kind }) => kind === "end");
  const end = known ?? { id: ids.unused("end"), kind: "end" as const };
  const ended = nodes.map((node) =>
    node.kind === "limit" && node.exceeded === "" ? { ...node, exceeded: end.id } : node,
  );
  return known ? ended : [...ended, end];
}
