// Looking at parsed JSON: own members only, so that a member called __proto__ or toString is never taken for something else.

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** undefined where there is no such member of its own. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Decimal text without an exponent; undefined for what has more than twelve decimals or thirteen digits before them. */
export function decimalText(value: number): string | undefined {
  if (!Number.isFinite(value) || value < 0 || value >= 1e13) return undefined;
  const text = /e/.test(String(value)) ? value.toFixed(12).replace(/0+$/, "") : String(value === 0 ? 0 : value);
  return Number(text) === value && (text.split(".")[1]?.length ?? 0) <= 12 ? text : undefined;
}

/** True for more than `depthMax` objects and lists inside each other. */
export function isNestedDeeper(value: unknown, depthMax: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depthMax === 0 || Object.values(value).some((item) => isNestedDeeper(item, depthMax - 1));
}
