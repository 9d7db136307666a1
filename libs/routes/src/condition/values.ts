// Values while a condition is evaluated. What is missing or does not fit has no value, which is a value of its own: nothing throws.
import type { TypeName } from "./expression.ts";

/** CEL's error: of a missing field, of a text that is no number, of a comparison of different types. */
export const NO_VALUE = Symbol("no value");

export type FieldCheck = (value: unknown) => boolean;

/** What a field of this type may hold; anything else counts as missing. */
export function checkOf(type: TypeName): FieldCheck {
  switch (type) {
    case "string":
      return (value) => typeof value === "string";
    case "bool":
      return (value) => typeof value === "boolean";
    case "int":
    case "double":
      return (value) => typeof value === "number";
    case "dyn":
      return (value) => isScalar(value) || isMap(value);
    default:
      return isMap;
  }
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own fields only: `constructor` and `toString` are missing unless somebody sent them. */
export function readOwn(map: unknown, key: string, check: FieldCheck): unknown {
  if (!isMap(map) || !Object.hasOwn(map, key)) return NO_VALUE;
  const value = map[key];
  return check(value) ? value : NO_VALUE;
}

/** Different types are different; whole maps and lists are not compared. */
export function isSame(left: unknown, right: unknown): boolean | typeof NO_VALUE {
  if (left === NO_VALUE || right === NO_VALUE) return NO_VALUE;
  if (typeof left === "object" && typeof right === "object") return NO_VALUE;
  return left === right;
}

/** Negative, zero or positive; undefined where the two have no order. */
export function orderOf(left: unknown, right: unknown): number | undefined {
  const isOrdered = typeof left === "number" || typeof left === "string" || typeof left === "boolean";
  if (!isOrdered || typeof left !== typeof right) return undefined;
  const [a, b]: [unknown, unknown] = [left, right];
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : a === b ? 0 : undefined;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WHOLE = /^[+-]?\d{1,15}$/;

/** double(): a number, or a text that is one decimal number and nothing else. */
export function toDouble(value: unknown): unknown {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !DECIMAL.test(value)) return NO_VALUE;
  const number = Number(value);
  return Number.isFinite(number) ? number : NO_VALUE;
}

/** int(): cut off towards zero; at most 15 digits as text. */
export function toInt(value: unknown): unknown {
  if (typeof value === "number") {
    const whole = Math.trunc(value);
    return Number.isSafeInteger(whole) ? whole : NO_VALUE;
  }
  return typeof value === "string" && WHOLE.test(value) ? Number(value) : NO_VALUE;
}

export function toText(value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return isScalar(value) ? String(value) : NO_VALUE;
}

export function toBool(value: unknown): unknown {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return NO_VALUE;
  if (/^(?:1|t|true|TRUE|True)$/.test(value)) return true;
  return /^(?:0|f|false|FALSE|False)$/.test(value) ? false : NO_VALUE;
}

/** Characters of a text as Unicode counts them, elements of a list, own entries of a map. */
export function sizeOf(value: unknown): unknown {
  if (typeof value === "string") {
    let size = 0;
    for (const _ of value) size += 1;
    return size;
  }
  if (Array.isArray(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : NO_VALUE;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
