// A condition as a function of the facts. Everything is prepared once; an evaluation allocates nothing but lists that hold fields.
// && and || do as CEL says: true || (no value) is true, false && (no value) is false, and otherwise no value is no value.

import { compileArithmetic, compileFunction, compileMethod } from "./evaluate-calls.ts";
import type { Comparison, Expression } from "./expression.ts";
import type { Facts } from "./facts.ts";
import { MAP_ENTRIES_MAX, MODEL_ENTRIES_MAX } from "./limits.ts";
import type { Pattern } from "./pattern.ts";
import { checkOf, isMap, isSame, NO_VALUE, orderOf, readOwn } from "./values.ts";

export type Evaluate = (facts: Facts) => unknown;

/** The function; its result is true, false or NO_VALUE. `patterns` holds those of all matches(). */
export function compileExpression(expression: Expression, patterns: ReadonlyMap<string, Pattern>): Evaluate {
  return new Compiler(patterns).compile(expression);
}

class Compiler {
  readonly #patterns: ReadonlyMap<string, Pattern>;
  /** The variables of all() and exists() while they run. One condition runs at a time, and none calls itself. */
  readonly #slots: unknown[] = [];
  readonly #variables: string[] = [];

  constructor(patterns: ReadonlyMap<string, Pattern>) {
    this.#patterns = patterns;
  }

  compile(expression: Expression): Evaluate {
    switch (expression.kind) {
      case "literal": {
        const { value } = expression;
        return () => value;
      }
      case "name":
        return this.#compileName(expression.name);
      case "select": {
        const [of, check, key] = [this.compile(expression.of), checkOf(expression.type), expression.field];
        return (facts) => readOwn(of(facts), key, check);
      }
      case "index": {
        const [of, check, key] = [this.compile(expression.of), checkOf(expression.type), this.compile(expression.key)];
        return (facts) => {
          const name = key(facts);
          return typeof name === "string" ? readOwn(of(facts), name, check) : NO_VALUE;
        };
      }
      case "has": {
        const field = this.compile(expression.field);
        return (facts) => field(facts) !== NO_VALUE;
      }
      case "not": {
        const of = this.compile(expression.of);
        return (facts) => {
          const value = of(facts);
          return typeof value === "boolean" ? !value : NO_VALUE;
        };
      }
      case "negative": {
        const of = this.compile(expression.of);
        return (facts) => {
          const value = of(facts);
          return typeof value === "number" ? -value : NO_VALUE;
        };
      }
      case "and":
        return compileLogic(this.#compileAll(expression.items), false);
      case "or":
        return compileLogic(this.#compileAll(expression.items), true);
      case "compare":
        return compileComparison(expression.operator, this.compile(expression.left), this.compile(expression.right));
      case "arithmetic":
        return compileArithmetic(expression, this.compile(expression.left), this.compile(expression.right));
      case "in":
        return this.#compileIn(this.compile(expression.element), expression.of);
      case "choice": {
        const condition = this.compile(expression.condition);
        const [whenTrue, whenFalse] = [this.compile(expression.whenTrue), this.compile(expression.whenFalse)];
        return (facts) => {
          const value = condition(facts);
          return value === true ? whenTrue(facts) : value === false ? whenFalse(facts) : NO_VALUE;
        };
      }
      case "list":
        return this.#compileList(expression.items);
      case "function":
        return compileFunction(expression.name, this.compile(expression.of));
      case "method":
        return this.#compileMethod(expression);
      case "each":
        return this.#compileEach(expression);
    }
  }

  #compileAll(items: readonly Expression[]): Evaluate[] {
    return items.map((item) => this.compile(item));
  }

  #compileName(name: string): Evaluate {
    const slot = this.#variables.lastIndexOf(name);
    if (slot >= 0) return () => this.#slots[slot];
    switch (name) {
      case "metadata":
      case "headers":
      case "body":
      case "request":
      case "caller":
      case "model":
        return (facts) => facts[name];
      case "budget":
        return (facts) => facts.budget ?? NO_VALUE;
      default:
        return () => NO_VALUE;
    }
  }

  #compileMethod(expression: Expression & { kind: "method" }): Evaluate {
    const of = this.compile(expression.of);
    const [argument] = expression.args;
    if (expression.name !== "matches") {
      return compileMethod(expression.name, of, argument && this.compile(argument));
    }
    const pattern = argument?.kind === "literal" ? this.#patterns.get(String(argument.value)) : undefined;
    return compileMethod("matches", of, undefined, pattern);
  }

  #compileList(items: readonly Expression[]): Evaluate {
    const elements = this.#compileAll(items);
    if (items.every(({ kind }) => kind === "literal")) {
      const constant = items.flatMap((item) => (item.kind === "literal" ? [item.value] : []));
      return () => constant;
    }
    return (facts) => {
      const list: unknown[] = [];
      for (const element of elements) {
        const value = element(facts);
        if (value === NO_VALUE) return NO_VALUE;
        list.push(value);
      }
      return list;
    };
  }

  #compileIn(element: Evaluate, of: Expression): Evaluate {
    const container = this.compile(of);
    if (of.kind === "list" && of.items.every(({ kind }) => kind === "literal")) {
      const members = new Set<unknown>(of.items.map((item) => (item.kind === "literal" ? item.value : undefined)));
      return (facts) => {
        const value = element(facts);
        return value === NO_VALUE ? NO_VALUE : members.has(value);
      };
    }
    const isAnything = checkOf("dyn");
    return (facts) => {
      const [value, all] = [element(facts), container(facts)];
      if (value === NO_VALUE) return NO_VALUE;
      if (Array.isArray(all)) return all.some((member) => isSame(value, member) === true);
      if (!isMap(all) || typeof value !== "string") return NO_VALUE;
      return readOwn(all, value, isAnything) !== NO_VALUE;
    };
  }

  #compileEach(expression: Expression & { kind: "each" }): Evaluate {
    const over = this.compile(expression.of);
    const slot = this.#variables.push(expression.variable) - 1;
    const body = this.compile(expression.body);
    this.#variables.pop();
    const isModel = expression.of.kind === "name" && expression.of.name === "model";
    const entriesMax = isModel ? MODEL_ENTRIES_MAX : MAP_ENTRIES_MAX;
    const slots = this.#slots;
    // This condition of one element decides for all; for exists_one, two do.
    const decides = expression.macro !== "all";
    const isOne = expression.macro === "exists_one";

    return (facts) => {
      const all = over(facts);
      const isList = Array.isArray(all);
      if (!isList && !isMap(all)) return NO_VALUE;
      let [seen, found, failed] = [0, 0, 0];
      for (const index in all) {
        if (!Object.hasOwn(all, index)) continue;
        seen += 1;
        if (seen > entriesMax) return NO_VALUE;
        slots[slot] = isList ? all[Number(index)] : index;
        const value = body(facts);
        if (typeof value !== "boolean") failed += 1;
        else if (value === decides) found += 1;
        if (found > 0 && !isOne) return decides;
      }
      if (failed > 0) return NO_VALUE;
      return isOne ? found === 1 : !decides;
    };
  }
}

/** `decisive`: the value that settles it, whatever the others are. */
function compileLogic(items: readonly Evaluate[], decisive: boolean): Evaluate {
  return (facts) => {
    let result: unknown = !decisive;
    for (const item of items) {
      const value = item(facts);
      if (value === decisive) return decisive;
      if (value !== !decisive) result = NO_VALUE;
    }
    return result;
  };
}

function compileComparison(operator: Comparison, left: Evaluate, right: Evaluate): Evaluate {
  if (operator === "==") return (facts) => isSame(left(facts), right(facts));
  if (operator === "!=") {
    return (facts) => {
      const same = isSame(left(facts), right(facts));
      return same === NO_VALUE ? NO_VALUE : !same;
    };
  }
  const accepts = ORDERS[operator];
  return (facts) => {
    const order = orderOf(left(facts), right(facts));
    return order === undefined ? NO_VALUE : accepts(order);
  };
}

const ORDERS: Readonly<Record<"<" | "<=" | ">" | ">=", (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};
