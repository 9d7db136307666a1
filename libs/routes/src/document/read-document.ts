// Reading a route document: every problem at once, with node and field. What is read is complete, with all defaults filled in.

import { type Fields, isObject } from "../json-fields.ts";
import { readAuto, readModel } from "./read-attempts.ts";
import { NODE_ID, NodeReader, type Report } from "./read-fields.ts";
import { readLimit } from "./read-limit.ts";
import { readSplit } from "./read-split.ts";
import { readStart } from "./read-start.ts";
import {
  DOCUMENT_BYTES_MAX,
  NODES_MAX,
  type NodeKind,
  type RouteDocument,
  type RouteNode,
  type RouteProblem,
} from "./route-document.ts";

/** Reads JSON text as a route document. Never throws; larger than DOCUMENT_BYTES_MAX is a problem and is not parsed. */
export function readRouteText(text: string): { document: RouteDocument; problems: RouteProblem[] } {
  const whole = (problem: string) => ({ document: { nodes: [] }, problems: [{ node: "", field: "", problem }] });
  if (Buffer.byteLength(text) > DOCUMENT_BYTES_MAX) return whole(`is larger than ${DOCUMENT_BYTES_MAX} bytes`);
  try {
    return readRouteDocument(JSON.parse(text));
  } catch {
    return whole("is not JSON");
  }
}

/** Reads a parsed JSON value as a route document. The document is usable only when there is no problem. */
export function readRouteDocument(json: unknown): { document: RouteDocument; problems: RouteProblem[] } {
  const problems: RouteProblem[] = [];
  const whole = (field: string, problem: string): void => void problems.push({ node: "", field, problem });
  const nodes: RouteNode[] = [];
  const list = isObject(json) ? json.nodes : undefined;
  if (!isObject(json) || !Array.isArray(list)) whole("nodes", "must be a list of nodes");
  else if (list.length > NODES_MAX) whole("nodes", `holds ${list.length} nodes, more than ${NODES_MAX}`);
  else {
    for (const name of Object.keys(json)) if (name !== "nodes") whole(name, "is no field of a route");
    const ids = new Set<string>();
    list.forEach((item: unknown, index) => {
      const node = readNode(item, index, ids, problems);
      if (node) nodes.push(node);
    });
  }
  return { document: { nodes }, problems };
}

function readNode(item: unknown, index: number, ids: Set<string>, problems: RouteProblem[]): RouteNode | undefined {
  if (!isObject(item)) {
    problems.push({ node: `nodes[${index}]`, field: "", problem: "must be an object" });
    return undefined;
  }
  const { id, kind } = item;
  const hasId = typeof id === "string" && NODE_ID.test(id);
  const node = hasId ? id : `nodes[${index}]`;
  const report: Report = (field, problem) => void problems.push({ node, field, problem });
  if (!hasId) report("id", "must be 1 to 64 letters, digits, - or _");
  else if (ids.has(id)) report("id", "stands here twice");
  else ids.add(id);
  if (typeof kind !== "string" || !Object.hasOwn(READERS, kind)) {
    report("kind", `must be one of ${Object.keys(READERS).join(", ")}`);
    return undefined;
  }
  const reader = READERS[kind as NodeKind];
  for (const name of Object.keys(item)) {
    if (name !== "id" && name !== "kind" && !reader.fields.includes(name))
      report(name, `is no field of a ${kind} node`);
  }
  return reader.read(node, new NodeReader(item, report));
}

interface KindReader {
  fields: readonly string[];
  read(id: string, item: NodeReader): RouteNode;
}

const ATTEMPT_FIELDS = [
  "retries",
  "retryDelayMs",
  "backoff",
  "timeouts",
  "fallbackOn",
  "commitAfter",
  "next",
  "fallback",
];

const READERS: Record<NodeKind, KindReader> = {
  start: { fields: ["next", "cache", "filters"], read: readStart },
  if: {
    fields: ["condition", "whenTrue", "whenFalse"],
    read: (id, item) => ({
      id,
      kind: "if",
      condition: readCondition(item),
      whenTrue: item.edge("whenTrue"),
      whenFalse: item.edge("whenFalse"),
    }),
  },
  split: { fields: ["shares", "by"], read: readSplit },
  limit: { fields: ["metric", "amount", "window", "key", "within", "exceeded"], read: readLimit },
  model: { fields: ["model", ...ATTEMPT_FIELDS], read: readModel },
  auto: {
    fields: ["mode", "bandPercent", "models", "affinity", "firstTokenMsMax", ...ATTEMPT_FIELDS],
    read: readAuto,
  },
  end: { fields: [], read: (id) => ({ id, kind: "end" }) },
};

function readCondition(item: NodeReader): string | Fields {
  const condition = item.value("condition");
  if (typeof condition === "string" || isObject(condition)) return condition;
  item.report("condition", 'must be a CEL expression as text, or an object like {"metadata.plan": {"$eq": "paid"}}');
  return "false";
}
