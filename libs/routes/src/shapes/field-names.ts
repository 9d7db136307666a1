// What the fields of our nodes are called in the text they were read from, for problems that only the whole graph shows.
import type { RouteNode } from "../document/route-document.ts";
import type { RouteShape } from "./route-shape.ts";

const IN_ELEMENTS: Readonly<Record<string, string>> = {
  nodes: "elements",
  whenTrue: "outputs.true",
  whenFalse: "outputs.false",
  within: "outputs.success",
  exceeded: "outputs.fallback",
  fallback: "outputs.fallback",
};
const IN_SEED: Readonly<Record<string, string>> = {
  whenTrue: "true",
  whenFalse: "false",
  within: "edges",
  next: "edges",
  exceeded: "fallback",
  condition: "expression",
};
const CONDITION = {
  cloudflare: "properties.conditions",
  terraform: "properties.conditions",
  cloudflare_docs: "properties.condition",
};

export function fieldInShape(shape: RouteShape, node: RouteNode | undefined, field: string): string {
  if (shape === "waybill") return field;
  if (shape === "seed") return IN_SEED[field] ?? field;
  if (field === "condition") return CONDITION[shape];
  if (field === "next") return node?.kind === "start" ? "outputs.next" : "outputs.success";
  const index = node?.kind === "split" ? /^shares\[(\d+)\]/.exec(field)?.[1] : undefined;
  const share = node?.kind === "split" && index !== undefined ? node.shares[Number(index)] : undefined;
  return share ? `outputs.${share.percent}%` : (IN_ELEMENTS[field] ?? field);
}
