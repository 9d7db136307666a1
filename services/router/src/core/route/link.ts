// Linking a checked document: edges become references, so that a walk looks nothing up.
import type {
  AttemptPolicy,
  AutoNode,
  Condition,
  ModelNode,
  RouteDocument,
  RouteNode,
  SplitNode,
} from "@waybill/routes";
import type { CompiledNode, SplitArm } from "./compiled-route.ts";

/** Builds the linked graph; each node once, so that nodes with several ways in are shared. Only for a graph that was checked. */
export function linkGraph(
  { nodes }: RouteDocument,
  startId: string,
  conditions: ReadonlyMap<string, Condition>,
): CompiledNode {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const linked = new Map<string, CompiledNode>();
  const to = (id: string): CompiledNode => {
    const known = linked.get(id);
    if (known) return known;
    const node = byId.get(id);
    if (!node) throw new Error("a checked graph lost a node");
    const made = linkNode(node, to, conditions);
    linked.set(id, made);
    return made;
  };
  return to(startId);
}

function linkNode(
  node: RouteNode,
  to: (id: string) => CompiledNode,
  conditions: ReadonlyMap<string, Condition>,
): CompiledNode {
  const { id } = node;
  switch (node.kind) {
    case "start":
      return { kind: "start", id, next: to(node.next) };
    case "end":
      return { kind: "end", id };
    case "if": {
      const condition = conditions.get(id);
      if (!condition) throw new Error("a checked graph lost a condition");
      return { kind: "if", id, condition, whenTrue: to(node.whenTrue), whenFalse: to(node.whenFalse) };
    }
    case "split":
      return {
        kind: "split",
        id,
        by: node.by,
        arms: armsOf(node, to),
      };
    case "limit":
      return { kind: "limit", id, limit: node, within: to(node.within), exceeded: to(node.exceeded) };
    case "model":
      return { kind: "model", id, model: node.model, policy: policyOf(node), fallback: fallbackOf(node, to) };
    case "auto": {
      const { mode, bandPercent, models, affinity, firstTokenMsMax } = node;
      const auto = { mode, bandPercent, models, affinity, firstTokenMsMax };
      return { kind: "auto", id, auto, policy: policyOf(node), fallback: fallbackOf(node, to) };
    }
  }
}

/** Shares that lead to the same node are one arm. */
function armsOf({ shares }: SplitNode, to: (id: string) => CompiledNode): SplitArm[] {
  const percents = new Map<string, number>();
  for (const { percent, next } of shares) percents.set(next, (percents.get(next) ?? 0) + percent);
  return [...percents].map(([next, percent]) => ({ percent, next: to(next) }));
}

function policyOf({
  retries,
  retryDelayMs,
  backoff,
  timeouts,
  fallbackOn,
  commitAfter,
}: ModelNode | AutoNode): AttemptPolicy {
  return { retries, retryDelayMs, backoff, timeouts, fallbackOn, ...(commitAfter && { commitAfter }) };
}

function fallbackOf({ fallback }: ModelNode | AutoNode, to: (id: string) => CompiledNode): CompiledNode | undefined {
  return fallback === undefined ? undefined : to(fallback);
}
