// The condition of an if node as Cloudflare writes it.
import { toMongo } from "../../condition/to-mongo.ts";
import type { IfNode } from "../../document/route-document.ts";
import { isObject } from "../../json-fields.ts";
import type { Notes } from "../notes.ts";
import type { ElementDialect } from "./dialect.ts";
import { NEVER } from "./read-element.ts";

/** Properties of the element; undefined where they cannot say the condition. */
export function writeCondition(
  { id, condition }: IfNode,
  dialect: ElementDialect,
  notes: Notes,
): Record<string, unknown> | undefined {
  if (typeof condition === "string" && condition.trim() === NEVER) return {};
  const conditions = typeof condition === "string" ? toMongo(condition) : condition;
  if (!conditions) return undefined;
  const others = [...rootsOf(conditions)].filter((root) => !["metadata", "headers", "body"].includes(root));
  if (others.length > 0) notes.warn(id, "condition", `asks for ${others.join(", ")}, which only Waybill knows`);
  return { [dialect.condition]: dialect.hasConditionsAsText ? JSON.stringify(conditions) : conditions };
}

function rootsOf(condition: unknown, roots = new Set<string>()): Set<string> {
  if (Array.isArray(condition)) for (const item of condition) rootsOf(item, roots);
  if (!isObject(condition)) return roots;
  for (const [name, value] of Object.entries(condition)) {
    if (name.startsWith("$")) rootsOf(value, roots);
    else roots.add(name.split(".")[0] ?? "");
  }
  return roots;
}
