// Which field of a Mongo-like condition an expression reads: headers["x-user-plan"] -> headers.x-user-plan.
import type { Expression } from "./expression.ts";
import { type MongoField, readMongoField } from "./mongo-field.ts";
import { printCel } from "./print-cel.ts";

export type Mongo = Record<string, unknown>;

export interface FieldUse {
  readonly path: string;
  readonly field: MongoField;
  /** It is text and stands in double(). */
  readonly isNumber: boolean;
}

/** undefined: it is no field, or one Mongo has no path for. `subfield`: read this field of it. */
export function readFieldUse(expression: Expression, subfield?: string): FieldUse | undefined {
  const isNumber = expression.kind === "function" && expression.name === "double";
  const read = isNumber ? expression.of : expression;
  const path = [pathOf(read), ...(subfield === undefined ? [] : [subfield])].join(".");
  const field = readMongoField(path);
  if (typeof field === "string" || (isNumber && field.kind !== "text")) return undefined;
  // Names with dots can be read in more than one way: only the way back counts.
  const cel = subfield === undefined ? printCel(read) : `${printCel(read)}.${subfield}`;
  return field.cel === cel ? { path, field, isNumber } : undefined;
}

function pathOf(expression: Expression): string {
  if (expression.kind === "name") return expression.name;
  if (expression.kind === "select") return `${pathOf(expression.of)}.${expression.field}`;
  if (expression.kind !== "index" || expression.key.kind !== "literal") return "";
  return `${pathOf(expression.of)}.${String(expression.key.value)}`;
}
