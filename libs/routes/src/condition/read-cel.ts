// From the library's syntax tree to our expression. What conditions have no use for is refused here, with what there is instead.
import { fieldType, knownFields, OBJECT_TYPES } from "./environment.ts";
import {
  ARITHMETIC,
  COMPARISONS,
  type Expression,
  FUNCTIONS,
  isFieldName,
  MACROS,
  METHODS,
  type Scalar,
  type Select,
  type TypeName,
} from "./expression.ts";
import { CONDITION_DEPTH_MAX } from "./limits.ts";
import { printCel } from "./print-cel.ts";

/** The part of the library's syntax tree that is read. */
export interface SyntaxNode {
  readonly op: string;
  readonly args: unknown;
}

/** What is wrong with a condition, as a sentence without its subject. */
export class CelProblem extends Error {}

/** The static type the checker found for a node; `dyn` where it did not look. */
export function typeOf(node: SyntaxNode): TypeName {
  const found: unknown = "checkedType" in node ? node.checkedType : undefined;
  if (typeof found !== "object" || found === null || !("name" in found)) return "dyn";
  return typeof found.name === "string" ? found.name : "dyn";
}

/** Throws a CelProblem. `isChecked`: types are known and must fit. */
export function readNode(node: SyntaxNode, isChecked: boolean): Expression {
  return new TreeReader(isChecked).read(node);
}

class TreeReader {
  readonly #isChecked: boolean;
  #depth = 0;

  constructor(isChecked: boolean) {
    this.#isChecked = isChecked;
  }

  read(node: SyntaxNode): Expression {
    if (this.#depth >= CONDITION_DEPTH_MAX) throw new CelProblem(`is nested deeper than ${CONDITION_DEPTH_MAX}`);
    this.#depth += 1;
    const expression = this.#readInside(node);
    this.#depth -= 1;
    return expression;
  }

  #readInside(node: SyntaxNode): Expression {
    const type = typeOf(node);
    switch (node.op) {
      case "value":
        return readLiteral(node.args);
      case "id":
        return { kind: "name", type, name: textAt(node.args) };
      case ".":
        return canonical(this.#select(node, type));
      case "[]":
        return this.#index(node, type);
      case "!_":
        return { kind: "not", type, of: this.read(nodeAt(node.args)) };
      case "-_":
        return this.#negative(node, type);
      case "&&":
      case "||":
        return { kind: node.op === "&&" ? "and" : "or", type, items: this.#chain(node) };
      case "in":
        return { kind: "in", type, element: this.#at(node, 0), of: this.#at(node, 1) };
      case "?:":
        return {
          kind: "choice",
          type,
          condition: this.#at(node, 0),
          whenTrue: this.#at(node, 1),
          whenFalse: this.#at(node, 2),
        };
      case "list":
        return { kind: "list", type, items: nodesAt(node.args).map((item) => this.read(item)) };
      case "call":
        return this.#call(node, type);
      case "rcall":
        return this.#methodOrMacro(node, type);
      default:
        return this.#operator(node, type);
    }
  }

  #at(node: SyntaxNode, index: number): Expression {
    return this.read(nodeAt(listAt(node.args)[index]));
  }

  /** a && b && c is one list, however long; it is no nesting. */
  #chain(node: SyntaxNode): Expression[] {
    const items: Expression[] = [];
    const waiting = [node];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (next.op === node.op) waiting.push(...nodesAt(next.args).reverse());
      else items.push(this.read(next));
    }
    return items;
  }

  #select(node: SyntaxNode, checkedType: TypeName): Select {
    const [of, field] = listAt(node.args);
    const object = this.read(nodeAt(of));
    const name = textAt(field);
    // The checker does not look into has().
    const type = this.#isChecked && checkedType === "dyn" ? fieldType(object.type, name) : checkedType;
    if (type === undefined) throw new CelProblem(noField(object, name));
    refuseUpperCase(object, name);
    return { kind: "select", type, of: object, field: name };
  }

  #index(node: SyntaxNode, type: TypeName): Expression {
    const of = this.#at(node, 0);
    const key = this.#at(node, 1);
    if (OBJECT_TYPES.has(of.type)) throw new CelProblem(`must name a field of ${of.type} after a dot`);
    if (this.#isChecked && key.type !== "string" && key.type !== "dyn") throw new CelProblem("must index with a text");
    if (key.kind === "literal") refuseUpperCase(of, String(key.value));
    return canonical({ kind: "index", type, of, key });
  }

  #negative(node: SyntaxNode, type: TypeName): Expression {
    const of = this.read(nodeAt(node.args));
    if (of.kind === "literal" && typeof of.value === "number") return { ...of, value: -of.value };
    this.#refuseDynamic(of);
    return { kind: "negative", type, of };
  }

  #operator(node: SyntaxNode, type: TypeName): Expression {
    const comparison = COMPARISONS.find((operator) => operator === node.op);
    if (comparison) {
      const [left, right] = [this.#at(node, 0), this.#at(node, 1)];
      for (const { type: side } of [left, right]) {
        if (/^(list|map)</.test(side) || OBJECT_TYPES.has(side)) throw new CelProblem(`cannot compare a whole ${side}`);
      }
      return { kind: "compare", type, operator: comparison, left, right };
    }
    const operator = ARITHMETIC.find((name) => name === node.op);
    if (!operator) throw new CelProblem(`has no use for ${node.op === "map" ? "map literals" : node.op}`);
    const [left, right] = [this.#at(node, 0), this.#at(node, 1)];
    this.#refuseDynamic(left, right);
    return { kind: "arithmetic", type, operator, left, right };
  }

  /** Whether / means that of whole numbers must be known; body.* does not say. */
  #refuseDynamic(...operands: readonly Expression[]): void {
    if (!this.#isChecked) return;
    for (const { type } of operands) {
      if (type === "dyn") throw new CelProblem("must say what it calculates with: double(body.x), not body.x");
      if (type !== "int" && type !== "double" && type !== "string")
        throw new CelProblem(`cannot calculate with ${type}`);
    }
  }

  #call(node: SyntaxNode, type: TypeName): Expression {
    const [nameText, argList] = listAt(node.args);
    const args = nodesAt(argList);
    const [first] = args;
    if (nameText === "has" && first) {
      if (first.op !== ".") throw new CelProblem('has() takes a field like metadata.plan; else write "name" in map');
      return { kind: "has", type: "bool", field: this.#select(first, typeOf(first)) };
    }
    const name = FUNCTIONS.find((known) => known === nameText);
    if (!name || !first || args.length > 1) {
      throw new CelProblem(`has no function ${String(nameText)}; there are has, ${FUNCTIONS.join(", ")}`);
    }
    return { kind: "function", type, name, of: this.read(first) };
  }

  #methodOrMacro(node: SyntaxNode, type: TypeName): Expression {
    const [nameText, receiver, argList] = listAt(node.args);
    const of = this.read(nodeAt(receiver));
    const args = nodesAt(argList).map((arg) => this.read(arg));
    const macro = MACROS.find((known) => known === nameText);
    const [variable, body] = args;
    if (macro && variable?.kind === "name" && body) {
      return { kind: "each", type: "bool", macro, of, variable: variable.name, body };
    }
    const name = METHODS.find((known) => known === nameText);
    if (!name) {
      throw new CelProblem(`has no method ${String(nameText)}; there are ${[...METHODS, ...MACROS].join(", ")}`);
    }
    return { kind: "method", type, name, of, args };
  }
}

function readLiteral(value: unknown): Expression {
  if (typeof value === "bigint") {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new CelProblem(`cannot hold ${value}; whole numbers have at most 15 digits`);
    return { kind: "literal", type: "int", value: number };
  }
  if (!isScalar(value))
    throw new CelProblem("can compare with texts, numbers, true and false; null, bytes and 1u have no use");
  return {
    kind: "literal",
    type: typeof value === "number" ? "double" : typeof value === "string" ? "string" : "bool",
    value,
  };
}

/** metadata["plan"] is metadata.plan; a name that cannot follow a dot everywhere is an index. */
function canonical(member: Select | (Expression & { kind: "index" })): Expression {
  const { type, of } = member;
  if (member.kind === "select") {
    if (isFieldName(member.field)) return member;
    return { kind: "index", type, of, key: { kind: "literal", type: "string", value: member.field } };
  }
  const name = member.key.kind === "literal" ? String(member.key.value) : "";
  return isFieldName(name) ? { kind: "select", type, of, field: name } : member;
}

function noField(object: Expression, name: string): string {
  const known = knownFields(object.type);
  return known === ""
    ? `has no field ${name} in ${object.type}`
    : `${printCel(object)} has no field ${name}; there are ${known}`;
}

function refuseUpperCase(of: Expression, key: string): void {
  const isHeader = of.kind === "name" && of.name === "headers";
  if (isHeader && key !== key.toLowerCase()) {
    throw new CelProblem(`must write the header's name in lower case: headers[${JSON.stringify(key.toLowerCase())}]`);
  }
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "boolean" || typeof value === "number";
}

function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" && value !== null && "op" in value && typeof value.op === "string" && "args" in value
  );
}

function nodeAt(value: unknown): SyntaxNode {
  if (isNode(value)) return value;
  throw new CelProblem("cannot be read");
}

function nodesAt(value: unknown): SyntaxNode[] {
  return listAt(value).map(nodeAt);
}

function listAt(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new CelProblem("cannot be read");
}

function textAt(value: unknown): string {
  if (typeof value === "string") return value;
  throw new CelProblem("cannot be read");
}
