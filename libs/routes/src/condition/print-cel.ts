// A condition as canonical CEL text: one spelling for each meaning, so that texts can be compared.
import { type Expression, isFieldName, type Scalar, type TypeName } from "./expression.ts";

/** Binding strength, loosest first. */
const LEVEL = { choice: 1, or: 2, and: 3, compare: 4, add: 5, multiply: 6, unary: 7, member: 8 } as const;

/** CEL text that parses to the same expression again. */
export function printCel(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return printLiteral(expression.value, expression.type);
    case "name":
      return expression.name;
    case "select":
      return `${within(expression.of, LEVEL.member)}.${expression.field}`;
    case "index":
      return `${within(expression.of, LEVEL.member)}[${printCel(expression.key)}]`;
    case "has":
      return `has(${printCel(expression.field)})`;
    case "not":
      return `!${within(expression.of, LEVEL.unary)}`;
    case "negative":
      return `-${within(expression.of, LEVEL.member)}`;
    case "and":
      return expression.items.map((item) => within(item, LEVEL.and + 1)).join(" && ");
    case "or":
      return expression.items.map((item) => within(item, LEVEL.or + 1)).join(" || ");
    case "compare": {
      const [left, right] = [expression.left, expression.right].map((of) => within(of, LEVEL.compare + 1));
      return `${left} ${expression.operator} ${right}`;
    }
    case "arithmetic": {
      const level = levelOf(expression);
      return `${within(expression.left, level)} ${expression.operator} ${within(expression.right, level + 1)}`;
    }
    case "in":
      return `${within(expression.element, LEVEL.compare + 1)} in ${within(expression.of, LEVEL.compare + 1)}`;
    case "choice": {
      const [condition, whenTrue] = [expression.condition, expression.whenTrue].map((of) => within(of, LEVEL.or));
      return `${condition} ? ${whenTrue} : ${printCel(expression.whenFalse)}`;
    }
    case "list":
      return `[${expression.items.map(printCel).join(", ")}]`;
    case "function":
      return `${expression.name}(${printCel(expression.of)})`;
    case "method":
      return `${within(expression.of, LEVEL.member)}.${expression.name}(${expression.args.map(printCel).join(", ")})`;
    case "each": {
      const of = within(expression.of, LEVEL.member);
      return `${of}.${expression.macro}(${expression.variable}, ${printCel(expression.body)})`;
    }
  }
}

/** `base.key`, or `base["key"]` where the key cannot stand after a dot. */
export function printMember(base: string, key: string): string {
  return isFieldName(key) ? `${base}.${key}` : `${base}[${printText(key)}]`;
}

/** A literal; `int` numbers without a point, all others with a point or an exponent. */
export function printLiteral(value: Scalar, type: TypeName): string {
  if (typeof value === "string") return printText(value);
  const text = String(value);
  return typeof value === "number" && type !== "int" && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function printText(text: string): string {
  // Not JSON: CEL refuses the escapes JSON has for lone surrogates, and takes them as they are.
  const escaped = text.replace(/["\\\p{Cc}]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

function within(expression: Expression, level: number): string {
  const text = printCel(expression);
  return levelOf(expression) < level ? `(${text})` : text;
}

function levelOf(expression: Expression): number {
  switch (expression.kind) {
    case "choice":
      return LEVEL.choice;
    case "or":
      return LEVEL.or;
    case "and":
      return LEVEL.and;
    case "compare":
    case "in":
      return LEVEL.compare;
    case "arithmetic":
      return expression.operator === "+" || expression.operator === "-" ? LEVEL.add : LEVEL.multiply;
    case "not":
    case "negative":
      return LEVEL.unary;
    case "literal":
      // A negative number begins with an operator.
      return typeof expression.value === "number" && (expression.value < 0 || Object.is(expression.value, -0))
        ? LEVEL.unary
        : LEVEL.member;
    default:
      return LEVEL.member;
  }
}
