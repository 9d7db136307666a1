// A route document as elements: first what elements cannot say is taken out or rewritten, then each node is one element.
import { edgesOf } from "../../document/check-graph.ts";
import type { LimitNode, ModelNode, RouteDocument, RouteNode } from "../../document/route-document.ts";
import { decimalText } from "../../json-fields.ts";
import { expandAuto } from "../expand-auto.ts";
import { splitModelName } from "../model-name.ts";
import type { Notes } from "../notes.ts";
import { CLOUDFLARE_TIMEOUT_MS } from "../route-shape.ts";
import { takeOut } from "../take-out.ts";
import { warnOfAttempts } from "../warn-of-attempts.ts";
import { warnOfStart } from "../warn-of-start.ts";
import { windowSeconds } from "../window-seconds.ts";
import type { ElementDialect } from "./dialect.ts";
import { fitSplits } from "./fit-splits.ts";
import { writeCondition } from "./write-condition.ts";

export interface WrittenElement {
  readonly id: string;
  readonly type: string;
  readonly properties?: Record<string, unknown>;
  readonly outputs?: Record<string, Record<string, string>>;
}

export function writeElements(document: RouteDocument, dialect: ElementDialect, notes: Notes): WrittenElement[] {
  const nodes = withoutUnsayable(expandAuto(document.nodes, notes), dialect, notes);
  return fitSplits(nodes, dialect.isAsDocumented, notes).map((node) => writeNode(node, dialect, notes));
}

function withoutUnsayable(nodes: readonly RouteNode[], dialect: ElementDialect, notes: Notes): RouteNode[] {
  const past = new Map<string, string>();
  for (const node of nodes) {
    if (node.kind === "limit" && node.metric === "tokens") {
      notes.warn(
        node.id,
        "metric",
        `tokens cannot be said; the node is left out, and what led to it leads to ${node.within}`,
      );
      past.set(node.id, node.within);
    } else if (node.kind === "if" && !writeCondition(node, dialect, notes)) {
      notes.warn(
        node.id,
        "condition",
        `cannot be said; the node is left out, and what led to it leads to ${node.whenFalse}`,
      );
      past.set(node.id, node.whenFalse);
    }
  }
  return takeOut(nodes, past, notes);
}

function writeNode(node: RouteNode, dialect: ElementDialect, notes: Notes): WrittenElement {
  const { id } = node;
  const to = (outputs: Record<string, string>) =>
    Object.fromEntries(Object.entries(outputs).map(([name, target]) => [name, { [dialect.edge]: target }]));
  switch (node.kind) {
    case "start":
      warnOfStart(node, notes);
      return { id, type: "start", outputs: to({ next: node.next }) };
    case "if": {
      const properties = writeCondition(node, dialect, notes) ?? {};
      return { id, type: "conditional", properties, outputs: to({ true: node.whenTrue, false: node.whenFalse }) };
    }
    case "split": {
      if (node.by !== "random") notes.warn(id, "by", "cannot be said; chance decides for every request");
      const last = node.shares.length - 1;
      const name = (percent: number, index: number): string =>
        dialect.isAsDocumented && index === last && last > 0 ? "else" : `${percent}%`;
      const shares = node.shares.map(({ percent, next }, index) => [name(percent, index), next]);
      return { id, type: "percentage", outputs: to(Object.fromEntries(shares)) };
    }
    case "limit": {
      const outputs = to({ success: node.within, fallback: node.exceeded });
      return { id, type: dialect.limitKind, properties: writeLimit(node, dialect, notes), outputs };
    }
    case "model":
      return {
        id,
        type: "model",
        properties: writeModel(node, dialect, notes),
        outputs: to(modelOutputs(node, dialect)),
      };
    case "auto":
      throw new Error("auto nodes were expanded before");
    case "end":
      return dialect.isAsDocumented ? { id, type: "end" } : { id, type: "end", outputs: {} };
  }
}

function writeLimit(node: LimitNode, dialect: ElementDialect, notes: Notes): Record<string, unknown> {
  const limit = Number(node.amount);
  if (decimalText(limit) !== plainAmount(node.amount)) notes.warn(node.id, "amount", `is rounded to ${limit}`);
  if (!node.key.startsWith("metadata.")) {
    notes.warn(node.id, "key", `${node.key} is written as it is; Cloudflare documents metadata.<name> only`);
  }
  return {
    [dialect.limitType]: node.metric,
    key: node.key,
    limit,
    [dialect.window]: windowSeconds(node, notes),
    ...(dialect.isAsDocumented ? { technique: "fixed" } : {}),
  };
}

/** Without zeros at the end of its decimals. */
function plainAmount(amount: string): string {
  return amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount;
}

function writeModel(node: ModelNode, dialect: ElementDialect, notes: Notes): Record<string, unknown> {
  warnOfAttempts(node, notes);
  const { provider, model } = splitModelName(node.model);
  if (provider === undefined) {
    notes.warn(node.id, "model", `${model} names no provider, and elements must; unknown stands there`);
  }
  const { firstTokenMs } = node.timeouts;
  if (firstTokenMs === undefined) {
    const instead = `${CLOUDFLARE_TIMEOUT_MS} stands there`;
    notes.warn(node.id, "timeouts.firstTokenMs", `is not set, and elements must have a timeout; ${instead}`);
  }
  return {
    [dialect.provider]: provider ?? "unknown",
    model,
    retries: node.retries,
    timeout: firstTokenMs ?? CLOUDFLARE_TIMEOUT_MS,
  };
}

function modelOutputs(node: ModelNode, dialect: ElementDialect): Record<string, string> {
  const edges = edgesOf(node).map(([field, to]) => [field === "next" ? "success" : field, to]);
  const outputs: Record<string, string> = Object.fromEntries(edges);
  // Where the live API wants a fallback and there is none, the end returns the error.
  return dialect.isAsDocumented ? outputs : { success: node.next, fallback: node.next, ...outputs };
}
