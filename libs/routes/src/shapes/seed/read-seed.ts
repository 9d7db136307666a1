// The seed's shape: a map of nodes, and edges beside it. Where both say the same thing, they must agree.

import { fromSeedExpression } from "../../condition/seed-expression.ts";
import {
  DEFAULT_FALLBACK_ON,
  NODES_MAX,
  RETRIES_MAX,
  type RouteNode,
  TIMEOUT_MS_MAX,
} from "../../document/route-document.ts";
import { isObject, member } from "../../json-fields.ts";
import { leadModelsToAnEnd } from "../lead-models-to-an-end.ts";
import { NodeIds } from "../node-ids.ts";
import type { Notes } from "../notes.ts";
import { readSeedEdges } from "./read-seed-edges.ts";
import { readSeedBudget } from "./seed-budget.ts";
import { SeedNodeReader } from "./seed-node-reader.ts";

const SEED_KINDS = ["start", "conditional", "model", "budget_limit", "end"] as const;

/** `route`: an object with nodes and edges. */
export function readSeed(route: unknown, notes: Notes): RouteNode[] {
  const named = member(route, "nodes");
  if (!isObject(named)) {
    notes.problem("", "nodes", "must be an object of nodes by their ids");
    return [];
  }
  const names = Object.keys(named);
  if (names.length > NODES_MAX) {
    notes.problem("", "nodes", `holds ${names.length} nodes, more than ${NODES_MAX}`);
    return [];
  }
  const ids = new NodeIds(names, notes);
  const edges = readSeedEdges(member(route, "edges"), ids, notes);
  const ends = names.filter((name) => member(named[name], "type") === "end");
  const isEndMissing = ends.length === 0;
  const end = ids.get(ends[0] ?? "") ?? ids.unused("end");
  const nodes = names.flatMap((name) => {
    const reader = new SeedNodeReader(name, named[name], edges.get(name) ?? [], ids, notes);
    const node = readNode(ids.get(name) ?? "", reader, end);
    if (node) reader.warnOfTheRest();
    return node ? [node] : [];
  });
  const ended: RouteNode[] = isEndMissing ? [...nodes, { id: end, kind: "end" }] : nodes;
  return leadModelsToAnEnd(ended, { field: "edges", adoptsFallback: true }, ids, notes);
}

function readNode(id: string, node: SeedNodeReader, end: string): RouteNode | undefined {
  switch (node.field("type")) {
    case "start":
      return { id, kind: "start", next: node.edge("next") };
    case "conditional":
      return {
        id,
        kind: "if",
        condition: readExpression(node),
        whenTrue: node.edge("true"),
        whenFalse: node.edge("false"),
      };
    case "model":
      return readModel(id, node, end);
    case "budget_limit":
      return readSeedBudget(id, node);
    case "end":
      return { id, kind: "end" };
  }
  node.problem("type", `must be one of ${SEED_KINDS.join(", ")}`);
  return undefined;
}

function readExpression(node: SeedNodeReader): string {
  const expression = node.field("expression");
  if (typeof expression === "string" && expression !== "") {
    return fromSeedExpression(expression, (_, problem) => node.problem("expression", problem));
  }
  node.problem("expression", 'must be text like metadata.user_plan == "paid"');
  return "false";
}

function readModel(id: string, node: SeedNodeReader, end: string): RouteNode {
  const provider = node.field("provider");
  const model = node.field("model");
  if (typeof model !== "string" || model === "") node.problem("model", "must be the name of a model");
  if (provider !== undefined && (typeof provider !== "string" || !/^[^/]+$/.test(provider))) {
    node.problem("provider", "must be a name without a slash");
  }
  const firstTokenMs = node.integer("timeout", 1, TIMEOUT_MS_MAX);
  return {
    id,
    kind: "model",
    model: provider === undefined ? String(model) : `${String(provider)}/${String(model)}`,
    retries: node.integer("retries", 0, RETRIES_MAX) ?? 0,
    retryDelayMs: 0,
    backoff: "exponential",
    timeouts: firstTokenMs === undefined ? {} : { firstTokenMs },
    fallbackOn: DEFAULT_FALLBACK_ON,
    next: node.optionalEdge("next") ?? end,
    fallback: node.optionalEdge("fallback"),
  };
}
