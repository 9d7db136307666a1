// A route document in the seed's shape. Models may have fallback, retries and timeout there: fields the seed does not use.
import type { LimitNode, ModelNode, RouteDocument, RouteNode } from "../../document/route-document.ts";
import { expandAuto } from "../expand-auto.ts";
import { splitModelName } from "../model-name.ts";
import type { Notes } from "../notes.ts";
import { takeOut } from "../take-out.ts";
import { warnOfAttempts } from "../warn-of-attempts.ts";
import { warnOfStart } from "../warn-of-start.ts";
import { seedPeriod } from "./seed-budget.ts";
import { writeSeedExpression } from "./write-seed-expression.ts";

interface WrittenEdge {
  readonly from: string;
  readonly to: string;
  readonly condition?: "true" | "false";
}

export function writeSeed(document: RouteDocument, name: string, notes: Notes): unknown {
  const nodes = withoutUnsayable(expandAuto(document.nodes, notes), notes);
  return {
    name,
    nodes: Object.fromEntries(nodes.map((node) => [node.id, writeNode(node, notes)])),
    edges: nodes.flatMap(writeEdges),
  };
}

function withoutUnsayable(nodes: readonly RouteNode[], notes: Notes): RouteNode[] {
  const past = new Map<string, string>();
  const leaveOut = (id: string, field: string, to: string): void => {
    notes.warn(id, field, `cannot be said; the node is left out, and what led to it leads to ${to}`);
    past.set(id, to);
  };
  for (const node of nodes) {
    if (node.kind === "limit" && node.metric !== "cost") leaveOut(node.id, "metric", node.within);
    if (node.kind === "if" && writeSeedExpression(node.condition) === undefined) {
      leaveOut(node.id, "condition", node.whenFalse);
    }
    if (node.kind === "split") {
      const [largest] = [...node.shares].sort((one, other) => other.percent - one.percent);
      if (largest) leaveOut(node.id, "shares", largest.next);
    }
  }
  return takeOut(nodes, past, notes);
}

function writeNode(node: RouteNode, notes: Notes): Record<string, unknown> {
  switch (node.kind) {
    case "if":
      return {
        type: "conditional",
        expression: writeSeedExpression(node.condition) ?? "false",
        true: node.whenTrue,
        false: node.whenFalse,
      };
    case "limit":
      return writeBudget(node, notes);
    case "model":
      return writeModel(node, notes);
    case "start":
      warnOfStart(node, notes);
      return { type: node.kind };
    default:
      return { type: node.kind };
  }
}

function writeBudget(node: LimitNode, notes: Notes): Record<string, unknown> {
  const { period, isExact } = seedPeriod(node.window);
  if (!isExact) notes.warn(node.id, "window", `cannot be said; ${period} stands there`);
  if (node.key !== "route") notes.warn(node.id, "key", "cannot be said; one counter counts for all");
  return { type: "budget_limit", amount: Number(node.amount), period, fallback: node.exceeded };
}

function writeModel(node: ModelNode, notes: Notes): Record<string, unknown> {
  warnOfAttempts(node, notes);
  const { provider, model } = splitModelName(node.model);
  const { firstTokenMs } = node.timeouts;
  return {
    type: "model",
    ...(provider === undefined ? {} : { provider }),
    model,
    ...(node.retries === 0 ? {} : { retries: node.retries }),
    ...(firstTokenMs === undefined ? {} : { timeout: firstTokenMs }),
    ...(node.fallback === undefined ? {} : { fallback: node.fallback }),
  };
}

function writeEdges(node: RouteNode): WrittenEdge[] {
  const { id: from } = node;
  switch (node.kind) {
    case "start":
    case "model":
      return [{ from, to: node.next }];
    case "if":
      return [
        { from, to: node.whenTrue, condition: "true" },
        { from, to: node.whenFalse, condition: "false" },
      ];
    case "limit":
      return [{ from, to: node.within }];
    default:
      return [];
  }
}
