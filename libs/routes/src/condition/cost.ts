// What a condition costs at worst, in steps, known before it ever runs; and its patterns, which have the largest part in that.
import type { Expression } from "./expression.ts";
import { MAP_ENTRIES_MAX, MODEL_ENTRIES_MAX, TEXT_STEPS } from "./limits.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { CelProblem } from "./read-cel.ts";

export interface Price {
  /** Steps of one evaluation at worst. */
  readonly steps: number;
  /** By their text. */
  readonly patterns: ReadonlyMap<string, Pattern>;
}

/** Prices a condition. Throws a CelProblem where a pattern is not a literal or does not compile. */
export function priceOf(expression: Expression): Price {
  const patterns = new Map<string, Pattern>();
  return { steps: stepsOf(expression, patterns), patterns };
}

function stepsOf(expression: Expression, patterns: Map<string, Pattern>): number {
  const sum = (...parts: readonly Expression[]): number =>
    parts.reduce((steps, part) => steps + stepsOf(part, patterns), 1);
  switch (expression.kind) {
    case "literal":
    case "name":
      return 1;
    case "select":
    case "not":
    case "negative":
      return sum(expression.of);
    case "function":
      return sum(expression.of) + stepsOn(expression.of);
    case "has":
      return sum(expression.field);
    case "index":
      return sum(expression.of, expression.key);
    case "and":
    case "or":
    case "list":
      return sum(...expression.items);
    case "compare":
    case "arithmetic":
      return sum(expression.left, expression.right) + (expression.type === "string" ? TEXT_STEPS : 0);
    case "in":
      return sum(expression.element, expression.of);
    case "choice":
      return sum(expression.condition, expression.whenTrue, expression.whenFalse);
    case "method":
      if (expression.name === "matches") return sum(expression.of) + patternOf(expression.args[0], patterns).cost;
      return sum(expression.of, ...expression.args) + stepsOn(expression.of);
    case "each":
      return sum(expression.of) + entriesOf(expression.of) * sum(expression.body);
  }
}

/** Of a function or method: size() counts the entries of a map. */
function stepsOn(of: Expression): number {
  return of.type.startsWith("map") || of.type === "dyn" ? entriesOf(of) : TEXT_STEPS;
}

function entriesOf(of: Expression): number {
  if (of.kind === "list") return of.items.length;
  return of.kind === "name" && of.name === "model" ? MODEL_ENTRIES_MAX : MAP_ENTRIES_MAX;
}

function patternOf(source: Expression | undefined, patterns: Map<string, Pattern>): Pattern {
  if (source?.kind !== "literal" || typeof source.value !== "string") {
    throw new CelProblem("must have the pattern of matches() as a text literal");
  }
  const known = patterns.get(source.value);
  if (known) return known;
  const pattern = compilePattern(source.value);
  if (typeof pattern === "string") throw new CelProblem(`cannot match: ${pattern}`);
  patterns.set(source.value, pattern);
  return pattern;
}
