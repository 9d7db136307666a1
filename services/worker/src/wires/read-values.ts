// What a provider's JSON holds, read without trust: a field of another kind is one that is not there.

export type Values = Record<string, unknown>;

export function isObject(given: unknown): given is Values {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

export function objectOf(given: unknown): Values {
  return isObject(given) ? given : {};
}

export function objectsOf(given: unknown): Values[] {
  return Array.isArray(given) ? given.filter(isObject) : [];
}

export function textOf(given: unknown): string {
  return typeof given === "string" ? given : "";
}

/** A whole number from 0 to `max` exclusive; 0 for anything else. */
export function indexOf(given: unknown, max: number): number {
  return Number.isInteger(given) && (given as number) >= 0 && (given as number) < max ? (given as number) : 0;
}

/** A whole number, negative ones too: whether it can be is judged elsewhere. */
export function countOf(given: unknown): bigint | undefined {
  return typeof given === "number" && Number.isSafeInteger(given) ? BigInt(given) : undefined;
}
