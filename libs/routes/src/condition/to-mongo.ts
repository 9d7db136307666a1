// CEL as a Mongo-like condition, for export. In CEL a part can have no value, in Mongo it is false; so there are two ways back: when
// a part is true, and when it is false, which is not the same as "not true".
import { isObject } from "../json-fields.ts";
import { type Comparison, type Expression, isFieldName, type Literal, type Scalar } from "./expression.ts";
import { readMongoField } from "./mongo-field.ts";
import { mongoToCel } from "./mongo-to-cel.ts";
import { parseCel } from "./parse-cel.ts";
import { type FieldUse, type Mongo, readFieldUse } from "./to-mongo-field.ts";

/** A condition that decides the same on all facts; undefined where Mongo cannot say it or the text is no condition. */
export function toMongo(cel: string): Record<string, unknown> | undefined {
  const expression = parseCel(cel);
  if (typeof expression === "string") return undefined;
  const mongo = whenTrue(expression);
  if (mongo === undefined) return undefined;
  // It must be within the limits of its own language.
  let isRefused = false;
  mongoToCel(mongo, () => {
    isRefused = true;
  });
  return isRefused ? undefined : mongo;
}

type Translation = Mongo | undefined;

/** True exactly where the expression is true. */
function whenTrue(expression: Expression): Translation {
  switch (expression.kind) {
    case "and":
      return combine("$and", expression.items.map(whenTrue));
    case "or":
      return combine("$or", expression.items.map(whenTrue));
    case "not":
      return whenFalse(expression.of);
    case "function":
      return expression.name === "holds" ? whenTrue(expression.of) : undefined;
    case "has":
      return exists(expression.field, true);
    case "compare":
      return compare(expression.operator, expression.left, expression.right);
    case "in":
      return isIn(expression.element, expression.of, true);
    case "method":
      return textOperator(expression);
    default:
      return flag(expression, true);
  }
}

/** True exactly where the expression is false, and not where it has no value. */
function whenFalse(expression: Expression): Translation {
  switch (expression.kind) {
    case "and":
      return combine("$or", expression.items.map(whenFalse));
    case "or":
      return combine("$and", expression.items.map(whenFalse));
    case "not":
      return whenTrue(expression.of);
    case "function":
      return expression.name === "holds" ? negate(whenTrue(expression.of)) : undefined;
    case "has":
      return exists(expression.field, false);
    case "compare":
      return compare(OPPOSITE[expression.operator], expression.left, expression.right);
    case "in":
      return isIn(expression.element, expression.of, false);
    case "method":
      return notContains(expression);
    default:
      return flag(expression, false);
  }
}

const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
};
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
};
const OPERATOR = { "==": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte" } as const;

function combine(connective: "$and" | "$or", items: readonly Translation[]): Translation {
  const known = items.flatMap((item) => (item === undefined ? [] : [item]));
  return known.length === items.length ? { [connective]: known } : undefined;
}

function negate(mongo: Translation): Translation {
  if (mongo === undefined) return undefined;
  const [path, ...otherPaths] = Object.keys(mongo);
  const inner = path === undefined ? undefined : mongo[path];
  if (path !== undefined && otherPaths.length === 0 && !path.startsWith("$") && isObject(inner)) {
    const [operator, ...others] = Object.keys(inner);
    if (others.length === 0 && operator === "$eq") return { [path]: { $ne: inner.$eq } };
    if (others.length === 0 && operator === "$exists") return { [path]: { $exists: inner.$exists !== true } };
    if (others.length === 0 && operator === "$in") return { [path]: { $nin: inner.$in } };
  }
  return { $nor: [mongo] };
}

function compare(operator: Comparison, left: Expression, right: Expression): Translation {
  if (left.kind === "literal") return right.kind === "literal" ? undefined : compare(MIRRORED[operator], right, left);
  const use = readFieldUse(left);
  if (!use || right.kind !== "literal" || !fits(use, right)) return undefined;
  const { path, field } = use;
  if (operator !== "!=") return { [path]: { [OPERATOR[operator]]: right.value } };
  if (field.isAlwaysThere) return { [path]: { $ne: right.value } };
  // Text that is no number has no value as a number, and Mongo cannot ask for that.
  return use.isNumber ? undefined : { [path]: { $exists: true, $ne: right.value } };
}

/** Mongo picks the types from the operand: it must pick what the CEL says. */
function fits(use: FieldUse, literal: Literal): boolean {
  return use.field.kind !== "text" || (typeof literal.value === "number") === use.isNumber;
}

function isIn(element: Expression, of: Expression, isWanted: boolean): Translation {
  if (element.kind === "literal") return presence(element, of, isWanted);
  const use = readFieldUse(element);
  if (!use || of.kind !== "list") return undefined;
  const values: Scalar[] = [];
  for (const item of of.items) {
    if (item.kind !== "literal" || !fits(use, item)) return undefined;
    values.push(item.value);
  }
  const { path, field } = use;
  if (values.length === 0) return undefined;
  if (isWanted) return { [path]: { $in: values } };
  if (field.isAlwaysThere) return { [path]: { $nin: values } };
  return use.isNumber ? undefined : { [path]: { $exists: true, $nin: values } };
}

/** "x-user-plan" in headers */
function presence(name: Literal, map: Expression, isWanted: boolean): Translation {
  if (typeof name.value !== "string") return undefined;
  const isModel = map.kind === "name" && map.name === "model";
  const member: Expression =
    isFieldName(name.value) && !isModel
      ? { kind: "select", type: "dyn", of: map, field: name.value }
      : { kind: "index", type: "dyn", of: map, key: name };
  const use = readFieldUse(member, isModel ? "live" : undefined);
  // Of a body without metadata it is unknown whether it has a name, and Mongo says it has not.
  if (!use || (!isWanted && use.path.startsWith("body.metadata."))) return undefined;
  return { [use.path]: { $exists: isWanted } };
}

function exists(of: Expression, isWanted: boolean): Translation {
  const use = readFieldUse(of);
  return use && !use.isNumber ? { [use.path]: { $exists: isWanted } } : undefined;
}

function flag(expression: Expression, isWanted: boolean): Translation {
  const use = readFieldUse(expression);
  return use && (use.field.kind === "bool" || use.field.kind === "dyn") ? { [use.path]: { $eq: isWanted } } : undefined;
}

function textOperator(expression: Expression & { kind: "method" }): Translation {
  const use = readFieldUse(expression.of);
  const [argument] = expression.args;
  if (!use || use.isNumber || argument?.kind !== "literal" || typeof argument.value !== "string") return undefined;
  if (expression.name === "contains") return { [use.path]: { $contains: argument.value } };
  return expression.name === "matches" ? { [use.path]: { $regex: argument.value } } : undefined;
}

function notContains(expression: Expression & { kind: "method" }): Translation {
  const mongo = expression.name === "contains" ? textOperator(expression) : undefined;
  const [path] = Object.keys(mongo ?? {});
  const field = path === undefined ? "" : readMongoField(path);
  if (!mongo || path === undefined || typeof field === "string" || field.kind === "dyn") return undefined;
  return field.isAlwaysThere ? { $nor: [mongo] } : { $and: [{ [path]: { $exists: true } }, { $nor: [mongo] }] };
}
