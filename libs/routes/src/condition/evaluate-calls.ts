// Arithmetic, functions and methods of a condition as functions of the facts.
import type { Evaluate } from "./evaluate.ts";
import type { Arithmetic, Expression, FunctionName, MethodName } from "./expression.ts";
import { MATCH_TEXT_CHARACTERS_MAX } from "./limits.ts";
import type { Pattern } from "./pattern.ts";
import { NO_VALUE, sizeOf, toBool, toDouble, toInt, toText } from "./values.ts";

/** Whole numbers divide to whole numbers; out of range and divided by zero has no value. */
export function compileArithmetic(
  { operator, type }: Expression & { kind: "arithmetic" },
  left: Evaluate,
  right: Evaluate,
): Evaluate {
  const isWhole = type === "int";
  const calculate = CALCULATIONS[operator];
  return (facts) => {
    const [a, b] = [left(facts), right(facts)];
    if (operator === "+" && typeof a === "string" && typeof b === "string") return a + b;
    if (typeof a !== "number" || typeof b !== "number") return NO_VALUE;
    const result = calculate(a, b);
    if (!isWhole) return result;
    const whole = Math.trunc(result);
    return Number.isSafeInteger(whole) ? whole : NO_VALUE;
  };
}

const CALCULATIONS: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

export function compileFunction(name: FunctionName, of: Evaluate): Evaluate {
  const convert = FUNCTIONS[name];
  return (facts) => convert(of(facts));
}

const FUNCTIONS: Readonly<Record<FunctionName, (value: unknown) => unknown>> = {
  // Always has a value, so that ! may follow: no value becomes false.
  holds: (value) => value === true,
  size: sizeOf,
  double: toDouble,
  int: toInt,
  string: toText,
  bool: toBool,
};

/** `pattern` is that of matches(), which takes no other argument at request time. */
export function compileMethod(name: MethodName, of: Evaluate, argument?: Evaluate, pattern?: Pattern): Evaluate {
  if (name === "size") return (facts) => sizeOf(of(facts));
  const [onOne, onTwo] = [ON_ONE[name], ON_TWO[name]];
  return (facts) => {
    const text = of(facts);
    if (typeof text !== "string") return NO_VALUE;
    if (onOne) return onOne(text);
    if (pattern) return text.length > MATCH_TEXT_CHARACTERS_MAX ? NO_VALUE : pattern.test(text);
    const other = argument?.(facts);
    return onTwo && typeof other === "string" ? onTwo(text, other) : NO_VALUE;
  };
}

const ON_ONE: Readonly<Partial<Record<MethodName, (text: string) => string>>> = {
  lowerAscii: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upperAscii: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  trim: (text) => text.trim(),
};

const ON_TWO: Readonly<Partial<Record<MethodName, (text: string, other: string) => boolean>>> = {
  contains: (text, other) => text.includes(other),
  startsWith: (text, other) => text.startsWith(other),
  endsWith: (text, other) => text.endsWith(other),
};
