// The operators of one field in Mongo-like conditions, as CEL: {"metadata.seats": {"$gt": 5}} -> double(metadata.seats) > 5.0.
import type { Scalar } from "./expression.ts";
import { CONDITION_LIST_MAX, MONGO_TEXT_CHARACTERS_MAX } from "./limits.ts";
import type { MongoField } from "./mongo-field.ts";
import { compilePattern } from "./pattern.ts";
import { printLiteral } from "./print-cel.ts";

export interface Term {
  readonly cel: string;
  /** It is true or false of all facts, never without a value. */
  readonly isTotal: boolean;
}

const COMPARISON_OF: Readonly<Record<string, string>> = {
  $eq: "==",
  $ne: "!=",
  $gt: ">",
  $gte: ">=",
  $lt: "<",
  $lte: "<=",
};
const OPERATORS = [...Object.keys(COMPARISON_OF), "$in", "$nin", "$exists", "$regex", "$contains", "$not"].join(", ");

/** The term, or what is wrong with the operand. */
export function compileOperator(field: MongoField, operator: string, operand: unknown): Term | string {
  switch (operator) {
    case "$ne":
      return negated(compileOperator(field, "$eq", operand));
    case "$nin":
      return negated(compileOperator(field, "$in", operand));
    case "$in":
      return compileIn(field, operand);
    case "$exists":
      return compileExists(field, operand);
    case "$regex":
    case "$contains":
      return compileText(field, operator, operand);
    default: {
      const comparison = Object.hasOwn(COMPARISON_OF, operator) ? COMPARISON_OF[operator] : undefined;
      return comparison ? compare(field, comparison, operand) : `is no operator; there are ${OPERATORS}`;
    }
  }
}

function compare(field: MongoField, comparison: string, operand: unknown): Term | string {
  const side = sidesOf(field, operand);
  if (typeof side === "string") return side;
  if (typeof operand === "boolean" && comparison !== "==") return "must be compared with a text or a number";
  return { cel: `${side.left} ${comparison} ${side.right}`, isTotal: field.isAlwaysThere };
}

/** What stands left and right of the comparison, each in the type of the other; or why they cannot be compared. */
function sidesOf({ cel, kind }: MongoField, operand: unknown): { left: string; right: string } | string {
  if (!isScalar(operand)) {
    return "must be compared with a text, a number or a boolean; $exists: false says that a field is missing";
  }
  if (typeof operand === "string" && operand.length > MONGO_TEXT_CHARACTERS_MAX) {
    return `is compared with more than ${MONGO_TEXT_CHARACTERS_MAX} characters`;
  }
  const right = printLiteral(operand, kind === "int" && Number.isSafeInteger(operand) ? "int" : "double");
  switch (kind) {
    case "text":
      if (typeof operand === "number") return { left: `double(${cel})`, right };
      // Metadata arrives as text, also what was a boolean in JSON.
      return { left: cel, right: printLiteral(String(operand), "string") };
    case "dyn":
      return { left: cel, right };
    default:
      return typeof operand === TYPE_OF[kind] ? { left: cel, right } : `must be compared with a ${NAME_OF[kind]}`;
  }
}

const TYPE_OF = { string: "string", int: "number", double: "number", bool: "boolean" } as const;
const NAME_OF = { string: "text", int: "number", double: "number", bool: "boolean" } as const;

/** CEL's lists hold one type: a mixed list is one list for each. */
function compileIn(field: MongoField, operand: unknown): Term | string {
  if (!Array.isArray(operand) || operand.length === 0 || operand.length > CONDITION_LIST_MAX) {
    return `must be a list of 1 to ${CONDITION_LIST_MAX} texts, numbers or booleans`;
  }
  const lists = new Map<string, string[]>();
  for (const item of operand) {
    const sides = sidesOf(field, item);
    if (typeof sides === "string") return sides;
    if (field.kind === "int" && !Number.isSafeInteger(item)) return "must be a list of whole numbers";
    const key = `${typeof item === "boolean" && field.kind === "text" ? "string" : typeof item} ${sides.left}`;
    lists.set(key, [...(lists.get(key) ?? []), sides.right]);
  }
  const terms = [...lists].map(([key, items]) => `${key.slice(key.indexOf(" ") + 1)} in [${items.join(", ")}]`);
  const [only = ""] = terms;
  const cel = terms.length === 1 ? only : terms.map((term) => `(${term})`).join(" || ");
  return { cel, isTotal: field.isAlwaysThere };
}

function compileExists(field: MongoField, operand: unknown): Term | string {
  if (typeof operand !== "boolean") return "must be true or false";
  // body.metadata may be missing itself, and then what is in it cannot be told.
  const there: Term = { cel: field.presence, isTotal: !field.presence.endsWith(" in body.metadata") };
  return operand ? there : negated(there);
}

function compileText(field: MongoField, operator: "$regex" | "$contains", operand: unknown): Term | string {
  if (field.kind !== "text" && field.kind !== "string" && field.kind !== "dyn") return "is for fields that hold text";
  if (typeof operand !== "string") return "must be a text";
  if (operand.length > MONGO_TEXT_CHARACTERS_MAX) return `is longer than ${MONGO_TEXT_CHARACTERS_MAX} characters`;
  if (operator === "$regex") {
    const pattern = compilePattern(operand);
    if (typeof pattern === "string") return pattern;
  }
  const method = operator === "$regex" ? "matches" : "contains";
  // A text that is too long for a pattern has no value, however surely it is there.
  const isTotal = field.isAlwaysThere && operator === "$contains";
  return { cel: `${field.cel}.${method}(${printLiteral(operand, "string")})`, isTotal };
}

/** True where the term is false or has no value. */
export function not({ cel, isTotal }: Term): Term {
  return { cel: isTotal ? `!(${cel})` : `!holds(${cel})`, isTotal: true };
}

function negated(term: Term | string): Term | string {
  return typeof term === "string" ? term : not(term);
}

function isScalar(value: unknown): value is Scalar {
  return (
    typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))
  );
}
