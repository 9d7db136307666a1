// A route as it is written and kept: a versioned graph of nodes. Reading one names every problem at once, with node and field.

/** A problem of a route document. `node` is empty where it belongs to the whole. */
export interface RouteProblem {
  node: string;
  field: string;
  problem: string;
}

interface NodeBase {
  id: string;
}
interface StartNode extends NodeBase {
  kind: "start";
  next: string;
}
interface IfNode extends NodeBase {
  kind: "if";
  condition: unknown;
  // Named for what they are: a property called `then` would make the node look like a promise.
  whenTrue: string;
  whenFalse: string;
}
interface ModelNode extends NodeBase {
  kind: "model";
  /** Any name a client could use for one model: <provider>/<model>, an alias, a unique bare name. */
  model: string;
  next: string;
  /** Where to go on when this model cannot serve; absent: nowhere. */
  fallback: string | undefined;
}
interface EndNode extends NodeBase {
  kind: "end";
}

/** split, limit, auto and pool have their place beside these: a kind here, a reader below, a case in compile and walk. */
export type RouteNode = StartNode | IfNode | ModelNode | EndNode;
type NodeKind = RouteNode["kind"];

export interface RouteDocument {
  nodes: RouteNode[];
}

export const NODES_MAX = 500;
const NODE_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MODEL_NAME_CHARACTERS_MAX = 256;

type Report = (field: string, problem: string) => void;
type Fields = Record<string, unknown>;

/** Reads a parsed JSON value as a route document. The document is usable only when there is no problem. */
export function readRouteDocument(json: unknown): { document: RouteDocument; problems: RouteProblem[] } {
  const problems: RouteProblem[] = [];
  const whole = (field: string, problem: string): void => void problems.push({ node: "", field, problem });
  const nodes: RouteNode[] = [];
  const list = isObject(json) ? json.nodes : undefined;
  if (!isObject(json) || !Array.isArray(list)) whole("nodes", "must be a list of nodes");
  else if (list.length > NODES_MAX) whole("nodes", `holds more than ${NODES_MAX} nodes`);
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
  return reader.read(node, item, report);
}

interface Reader {
  fields: readonly string[];
  read(id: string, item: Fields, report: Report): RouteNode;
}

const READERS: Record<NodeKind, Reader> = {
  start: {
    fields: ["next"],
    read: (id, item, report) => ({ id, kind: "start", next: edge(item, "next", report) }),
  },
  if: {
    fields: ["condition", "whenTrue", "whenFalse"],
    read: (id, item, report) => ({
      id,
      kind: "if",
      condition: item.condition,
      whenTrue: edge(item, "whenTrue", report),
      whenFalse: edge(item, "whenFalse", report),
    }),
  },
  model: {
    fields: ["model", "next", "fallback"],
    read: (id, item, report) => ({
      id,
      kind: "model",
      model: modelName(item, report),
      next: edge(item, "next", report),
      fallback: item.fallback === undefined ? undefined : edge(item, "fallback", report),
    }),
  },
  end: { fields: [], read: (id) => ({ id, kind: "end" }) },
};

function edge(item: Fields, field: string, report: Report): string {
  const value = item[field];
  if (typeof value === "string" && NODE_ID.test(value)) return value;
  report(field, "must be the id of a node");
  return "";
}

function modelName(item: Fields, report: Report): string {
  const { model } = item;
  if (typeof model === "string" && model !== "" && model.length <= MODEL_NAME_CHARACTERS_MAX) return model;
  report("model", "must be the name of a model or an alias");
  return "";
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
