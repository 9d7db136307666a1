// The seed's string expressions: metadata.user_plan == "paid" && !(headers.x-region in ["eu"]). They mean what the same thing means in
// Mongo-like JSON: what is missing is different from everything, and text that is a number compares with numbers.
import type { ReportProblem } from "./condition.ts";
import type { Comparison, Expression } from "./expression.ts";
import { isFieldName, type Literal } from "./expression.ts";
import { CONDITION_CHARACTERS_MAX } from "./limits.ts";
import { mongoToCel } from "./mongo-to-cel.ts";
import { parseCel, parseUnchecked } from "./parse-cel.ts";
import { printCel, printMember } from "./print-cel.ts";

const WHERE = "expression";

/**
 * CEL for an expression with == != < <= > >= in && || ! ( ), texts, numbers, booleans, lists and dotted paths, whose names may have
 * dashes. Text that uses more is CEL already, and is checked as such. "false" when problems were reported.
 */
export function fromSeedExpression(text: string, report: ReportProblem): string {
  if (text.length > CONDITION_CHARACTERS_MAX)
    return refuse(`is longer than ${CONDITION_CHARACTERS_MAX} characters`, report);
  const parsed = parseUnchecked(indexDashedNames(text));
  if (typeof parsed === "string") return refuse(parsed, report);
  const mongo = toMongoLike(parsed);
  const cel = mongo === undefined ? text : mongoToCel(mongo, (_, problem) => report(WHERE, problem));
  if (cel === undefined) return "false";
  const checked = parseCel(cel);
  return typeof checked === "string" ? refuse(checked, report) : printCel(checked);
}

function refuse(problem: string, report: ReportProblem): string {
  report(WHERE, problem);
  return "false";
}

/** A text literal, or a dotted path with its dashes. There is no minus in the seed's grammar but that of numbers. */
const TEXT_OR_PATH = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*)+/g;

function indexDashedNames(text: string): string {
  return text.replace(TEXT_OR_PATH, (found) => {
    if (found.startsWith('"') || found.startsWith("'")) return found;
    const [root = "", ...names] = found.split(".");
    return names.every(isFieldName) ? found : names.reduce(printMember, root);
  });
}

type Mongo = Record<string, unknown>;

/** undefined: it says more than the seed's grammar can. */
function toMongoLike(expression: Expression): Mongo | undefined {
  switch (expression.kind) {
    case "and":
    case "or": {
      const items = expression.items.map(toMongoLike);
      const isKnown = items.every((item) => item !== undefined);
      return isKnown ? { [expression.kind === "and" ? "$and" : "$or"]: items } : undefined;
    }
    case "not": {
      const of = toMongoLike(expression.of);
      return of && { $nor: [of] };
    }
    case "compare":
      return compare(expression.operator, expression.left, expression.right);
    case "in":
      return isIn(expression.element, expression.of);
    default: {
      const path = pathOf(expression);
      return path === undefined ? undefined : { [path]: { $eq: true } };
    }
  }
}

const OPERATOR = { "==": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte" } as const;
const MIRRORED = { "==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<=" } as const;

function compare(operator: Comparison, left: Expression, right: Expression): Mongo | undefined {
  if (left.kind === "literal" && right.kind !== "literal") return compare(MIRRORED[operator], right, left);
  const path = pathOf(left);
  return path === undefined || right.kind !== "literal" ? undefined : { [path]: { [OPERATOR[operator]]: right.value } };
}

function isIn(element: Expression, of: Expression): Mongo | undefined {
  const path = pathOf(element);
  if (path === undefined || of.kind !== "list") return undefined;
  const literals = of.items.filter((item): item is Literal => item.kind === "literal");
  return literals.length === of.items.length ? { [path]: { $in: literals.map(({ value }) => value) } } : undefined;
}

/** A path by its names; whether there is such a field is for the Mongo-like condition to say. */
function pathOf(expression: Expression): string | undefined {
  return expression.kind === "name" ? undefined : plainPath(expression);
}

function plainPath(expression: Expression): string | undefined {
  if (expression.kind === "name") return expression.name;
  if (expression.kind === "select") {
    const of = plainPath(expression.of);
    return of && `${of}.${expression.field}`;
  }
  if (expression.kind !== "index" || expression.key.kind !== "literal") return undefined;
  const of = plainPath(expression.of);
  return of && `${of}.${String(expression.key.value)}`;
}
