// What is different between two documents, node by node and field by field. The order of nodes is no difference.
import type { NodeKind, RouteDocument, RouteNode } from "../document/route-document.ts";

export interface DocumentDiff {
  readonly added: readonly DiffNode[];
  readonly removed: readonly DiffNode[];
  readonly changed: readonly ChangedNode[];
}

export interface DiffNode {
  readonly id: string;
  readonly kind: NodeKind;
}

export interface ChangedNode {
  readonly id: string;
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  /** Like model, timeouts.firstTokenMs or shares[1].percent. A condition is one field. */
  readonly field: string;
  /** undefined: it is not there. */
  readonly from: FieldValue | undefined;
  readonly to: FieldValue | undefined;
}

/** Lists of names and Mongo-like conditions are told as JSON text. */
export type FieldValue = string | number | boolean;

/** Nodes in the order of their ids, fields in the order of their names. All empty: the documents mean the same. */
export function diffDocuments(before: RouteDocument, after: RouteDocument): DocumentDiff {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const now = new Map(after.nodes.map((node) => [node.id, node]));
  const only = (nodes: ReadonlyMap<string, RouteNode>, others: ReadonlyMap<string, RouteNode>): DiffNode[] =>
    sorted([...nodes.keys()].filter((id) => !others.has(id))).flatMap((id) => {
      const node = nodes.get(id);
      return node ? [{ id, kind: node.kind }] : [];
    });
  const changed = sorted([...old.keys()]).flatMap((id) => {
    const from = old.get(id);
    const to = now.get(id);
    const fields = from && to ? changesOf(from, to) : [];
    return fields.length > 0 ? [{ id, fields }] : [];
  });
  return { added: only(now, old), removed: only(old, now), changed };
}

function changesOf(from: RouteNode, to: RouteNode): FieldChange[] {
  const before = fieldsOf(from);
  const after = fieldsOf(to);
  return sorted([...new Set([...before.keys(), ...after.keys()])])
    .filter((field) => before.get(field) !== after.get(field))
    .map((field) => ({ field, from: before.get(field), to: after.get(field) }));
}

function fieldsOf(node: RouteNode): Map<string, FieldValue> {
  const fields = new Map<string, FieldValue>();
  for (const [name, value] of Object.entries(node)) if (name !== "id") collect(name, value, fields);
  return fields;
}

function collect(field: string, value: unknown, fields: Map<string, FieldValue>): void {
  if (value === undefined) return;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") fields.set(field, value);
  else if (field === "condition" || isListOfNames(value)) fields.set(field, JSON.stringify(value));
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) collect(`${field}[${index}]`, item, fields);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) collect(`${field}.${name}`, item, fields);
  }
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** By code points, so that every machine sorts alike. */
function sorted(names: readonly string[]): string[] {
  return [...names].sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
}
