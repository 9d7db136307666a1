// CEL as one of the seed's string expressions, for export.
import { isObject } from "../json-fields.ts";
import { isFieldName } from "./expression.ts";
import { printLiteral } from "./print-cel.ts";
import { toMongo } from "./to-mongo.ts";

/** An expression fromSeedExpression reads as the same condition; undefined where the seed's grammar cannot say it. */
export function toSeedExpression(cel: string): string | undefined {
  const mongo = toMongo(cel);
  return mongo && printCondition(mongo)?.text;
}

/** `isAtom`: it needs no parentheses inside && and ||. */
interface Printed {
  readonly text: string;
  readonly isAtom: boolean;
}

function printCondition(mongo: unknown): Printed | undefined {
  if (!isObject(mongo)) return undefined;
  const [name, ...others] = Object.keys(mongo);
  if (name === undefined || others.length > 0) return undefined;
  const value = mongo[name];
  switch (name) {
    case "$and":
    case "$or":
      return printAll(value, name === "$and" ? " && " : " || ");
    case "$nor": {
      const inner = printAll(value, " || ");
      return inner && { text: `!(${inner.text})`, isAtom: true };
    }
    default:
      return printField(name, value);
  }
}

function printAll(items: unknown, operator: string): Printed | undefined {
  if (!Array.isArray(items)) return undefined;
  const texts: string[] = [];
  for (const item of items) {
    const printed = printCondition(item);
    if (!printed) return undefined;
    texts.push(printed.isAtom || items.length === 1 ? printed.text : `(${printed.text})`);
  }
  return { text: texts.join(operator), isAtom: false };
}

const OPERATORS: Readonly<Record<string, string>> = {
  $eq: "==",
  $ne: "!=",
  $lt: "<",
  $lte: "<=",
  $gt: ">",
  $gte: ">=",
  $in: "in",
  $nin: "in",
};

function printField(path: string, operators: unknown): Printed | undefined {
  const [root = "", ...names] = path.split(".");
  const isPlain = isFieldName(root) && names.every((name) => /^[A-Za-z_][\w-]*$/.test(name));
  if (!isPlain || !isObject(operators)) return undefined;
  const [operator, ...others] = Object.keys(operators);
  const sign = operator === undefined ? undefined : OPERATORS[operator];
  if (operator === undefined || sign === undefined || others.length > 0) return undefined;
  const operand = operators[operator];
  const text = `${path} ${sign} ${printOperand(operand)}`;
  return { text: operator === "$nin" ? `!(${text})` : text, isAtom: true };
}

function printOperand(operand: unknown): string {
  if (Array.isArray(operand)) return `[${operand.map(printOperand).join(", ")}]`;
  if (typeof operand === "number") return printLiteral(operand, Number.isSafeInteger(operand) ? "int" : "double");
  return typeof operand === "boolean" ? String(operand) : printLiteral(String(operand), "string");
}
