// Which facts about the sender decide which way a request goes: two requests with the same body may take two ways by them. What is in
// the body, its metadata and session are no such facts, nor what changes by itself, such as the hour or a budget.
import type { Expression } from "../condition/expression.ts";
import { mongoToCel } from "../condition/mongo-to-cel.ts";
import { parseCel } from "../condition/parse-cel.ts";
import type { RouteDocument } from "./route-document.ts";

/**
 * Sorted names, each once: `headers.<name>`, `caller.<field>`, `caller.tags`, and `headers` or `caller` where a condition looks at all of
 * them.
 */
export function senderFacts({ nodes }: RouteDocument): string[] {
  const found = new Set<string>();
  for (const node of nodes) {
    if (node.kind === "split") addKey(node.by, found);
    if (node.kind !== "if") continue;
    const { condition } = node;
    const cel = typeof condition === "string" ? condition : mongoToCel(condition, () => {});
    const expression = cel === undefined ? "" : parseCel(cel);
    // What cannot be read holds for nobody.
    if (typeof expression !== "string") visit(expression, found);
  }
  return [...found].sort();
}

function addKey(by: string, found: Set<string>): void {
  if (by.startsWith("caller.tags.")) found.add("caller.tags");
  else if (by.startsWith("headers.") || by.startsWith("caller.")) found.add(by);
}

function visit(expression: Expression, found: Set<string>): void {
  const named = nameOf(expression);
  if (named !== undefined) {
    found.add(named);
    if (expression.kind !== "index" && expression.kind !== "in") return;
  }
  for (const part of Object.values(expression) as unknown[]) visitPart(part, found, named !== undefined);
}

/** `isNamed`: the map itself was told already, and only what its key is made of is looked at. */
function visitPart(part: unknown, found: Set<string>, isNamed: boolean): void {
  if (Array.isArray(part)) for (const item of part) visitPart(item, found, isNamed);
  else if (isExpression(part) && !(isNamed && isGroup(part))) visit(part, found);
}

function nameOf(expression: Expression): string | undefined {
  switch (expression.kind) {
    case "name":
      return isGroup(expression) ? expression.name : undefined;
    case "select":
      return isGroup(expression.of) ? `${expression.of.name}.${expression.field}` : undefined;
    case "index":
      return isGroup(expression.of) ? memberOf(expression.of.name, expression.key) : undefined;
    case "in":
      return isGroup(expression.of) ? memberOf(expression.of.name, expression.element) : undefined;
    default:
      return undefined;
  }
}

function memberOf(group: string, key: Expression): string {
  return key.kind === "literal" ? `${group}.${key.value}` : group;
}

function isGroup(expression: Expression): expression is Extract<Expression, { kind: "name" }> {
  return expression.kind === "name" && (expression.name === "headers" || expression.name === "caller");
}

function isExpression(part: unknown): part is Expression {
  return typeof part === "object" && part !== null && "kind" in part;
}
