// CEL text to a checked expression. The only file that knows the CEL library, which parses and checks types. Evaluating is ours
// (evaluate.ts): the library answers a missing value with an exception, at nine microseconds each, and cannot read maps in which
// somebody sent a field called "constructor".
import { type ASTNode, Environment, ParseError, TypeError as TypeProblem } from "@marcbachmann/cel-js";
import { OBJECT_TYPES, VARIABLES } from "./environment.ts";
import type { Expression } from "./expression.ts";
import { CONDITION_CHARACTERS_MAX, CONDITION_DEPTH_MAX, CONDITION_LIST_MAX, CONDITION_NODES_MAX } from "./limits.ts";
import { CelProblem, readNode, typeOf } from "./read-cel.ts";

const environment = new Environment({
  limits: {
    maxAstNodes: CONDITION_NODES_MAX,
    maxDepth: CONDITION_DEPTH_MAX,
    maxListElements: CONDITION_LIST_MAX,
    maxMapEntries: 0,
    maxCallArguments: 4,
  },
});
for (const [name, fields] of OBJECT_TYPES) environment.registerType({ name, schema: Object.fromEntries(fields) });
for (const [name, type] of VARIABLES) environment.registerVariable(name, type);
// The handlers never run: they are declared for the checker.
environment.registerFunction("holds(bool): bool", Boolean, { async: false });
environment.registerOperator("double == int", Object.is);

/** The checked expression of a condition, or what is wrong with the text. Never throws. */
export function parseCel(text: string): Expression | string {
  return parse(text, true);
}

/** The same without types: every one of them is `dyn`, and unknown names pass. */
export function parseUnchecked(text: string): Expression | string {
  return parse(text, false);
}

function parse(text: string, isChecked: boolean): Expression | string {
  if (text.length > CONDITION_CHARACTERS_MAX) return `is longer than ${CONDITION_CHARACTERS_MAX} characters`;
  try {
    const parsed = environment.parse(text);
    if (!isChecked) return readNode(parsed.ast, false);
    const checked = parsed.check();
    if (!checked.valid) return problemOf(checked.error);
    const expression = readNode(parsed.ast, true);
    if (expression.type === "bool") return expression;
    return `must be true or false, but is of type ${expression.type}${expression.type === "dyn" ? "; compare it: ... == true" : ""}`;
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): string {
  if (error instanceof CelProblem) return error.message;
  if (error instanceof RangeError) return "is nested too deeply";
  if (!(error instanceof ParseError || error instanceof TypeProblem)) {
    return `cannot be read: ${error instanceof Error ? error.message : "unknown error"}`;
  }
  const limit = LIMITS.find(([name]) => error.summary.includes(name));
  if (limit) return limit[1];
  const at = error.range ? `, at character ${error.range.start + 1}` : "";
  return `${hintFor(error) ?? error.summary}${at}`;
}

const LIMITS: readonly (readonly [string, string])[] = [
  ["maxAstNodes", `has more than ${CONDITION_NODES_MAX} names, literals and operators`],
  ["maxDepth", `is nested deeper than ${CONDITION_DEPTH_MAX}`],
  ["maxListElements", `has a list of more than ${CONDITION_LIST_MAX} elements`],
  ["maxMapEntries", "has a map literal; there are none in conditions"],
  ["maxCallArguments", "has a call with more than 4 arguments"],
];

/** What the writer should write instead, where that can be told. */
function hintFor(error: ParseError | TypeProblem): string | undefined {
  const node: unknown = error.node;
  if (!isNode(node)) return undefined;
  if (node.op === "id") return `${node.args} is unknown; there are ${[...VARIABLES.keys()].join(", ")}`;
  if (node.op === "." && error.code === "no_such_key") return unknownField(node.args[0], node.args[1]);
  switch (node.op) {
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return badComparison(node.op, node.args[0], node.args[1]);
    case "in":
      return textInNumbers(node.args[0], node.args[1]);
    default:
      return undefined;
  }
}

function unknownField(of: ASTNode, field: string): string | undefined {
  const fields = OBJECT_TYPES.get(typeOf(of));
  return fields && `${textOf(of)} has no field ${field}; there are ${[...fields.keys()].join(", ")}`;
}

function badComparison(operator: string, left: ASTNode, right: ASTNode): string | undefined {
  if (typeOf(left) === "null" || typeOf(right) === "null") return "compares with null; write has(...) or !has(...)";
  const isText = (node: ASTNode) => typeOf(node) === "string";
  const isNumber = (node: ASTNode) => typeOf(node) === "int" || typeOf(node) === "double";
  if (!(isText(left) && isNumber(right)) && !(isNumber(left) && isText(right))) return undefined;
  const asNumber = (node: ASTNode) => {
    if (isText(node)) return `double(${textOf(node)})`;
    return node.op === "value" && typeOf(node) === "int" ? `${textOf(node)}.0` : textOf(node);
  };
  return `compares text with a number; write ${asNumber(left)} ${operator} ${asNumber(right)}`;
}

function textInNumbers(element: ASTNode, list: ASTNode): string | undefined {
  if (typeOf(element) !== "string" || !/^list<(int|double)>$/.test(typeOf(list))) return undefined;
  return `looks for text in a list of numbers; write double(${textOf(element)}) in [1.0, 2.0], with a point in each number`;
}

function textOf(node: ASTNode): string {
  return node.input.slice(node.start, node.end);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value && "input" in value;
}
