// Our own shape: the document with its name, without what is as it would be anyway.
import { readRouteDocument } from "../document/read-document.ts";
import { DEFAULT_FALLBACK_ON, type RouteDocument, type RouteNode } from "../document/route-document.ts";
import { isObject } from "../json-fields.ts";
import type { Notes } from "./notes.ts";

export function readWaybill(route: unknown, notes: Notes): RouteNode[] {
  const { name, ...json } = isObject(route) ? route : { nodes: route };
  if (name !== undefined && typeof name !== "string") notes.problem("", "name", "must be text");
  const { document, problems } = readRouteDocument(json);
  for (const { node, field, problem } of problems) notes.problem(node, field, problem);
  return document.nodes;
}

export function writeWaybill(document: RouteDocument, name: string): unknown {
  return { name, nodes: document.nodes.map(withoutDefaults) };
}

/** What readRouteDocument fills in. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  by: "random",
  key: "route",
  retries: 0,
  retryDelayMs: 0,
  backoff: "exponential",
  timeouts: {},
  fallbackOn: DEFAULT_FALLBACK_ON,
  mode: "balanced",
  models: [],
  affinity: "none",
};

function withoutDefaults(node: RouteNode): Record<string, unknown> {
  const isDefault = (field: string, value: unknown): boolean =>
    Object.hasOwn(DEFAULTS, field) && JSON.stringify(DEFAULTS[field]) === JSON.stringify(value);
  // Of an auto node the mode is what a reader looks for first.
  const isShown = ([field, value]: [string, unknown]): boolean => field === "mode" || !isDefault(field, value);
  return Object.fromEntries(Object.entries(node).filter(isShown));
}
