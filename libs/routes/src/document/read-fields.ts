// Reading single fields of a node: the value where it is right, else a problem and something harmless.
import type { Fields } from "../json-fields.ts";

export type Report = (field: string, problem: string) => void;

export const NODE_ID = /^[A-Za-z0-9_-]{1,64}$/;

export class NodeReader {
  readonly #item: Fields;
  readonly report: Report;

  constructor(item: Fields, report: Report) {
    this.#item = item;
    this.report = report;
  }

  /** The field as it stands; own properties only. */
  value(field: string): unknown {
    return Object.hasOwn(this.#item, field) ? this.#item[field] : undefined;
  }

  /** The id of a node; whether there is one is checked when all are known. */
  edge(field: string): string {
    const value = this.value(field);
    if (typeof value === "string" && NODE_ID.test(value)) return value;
    this.report(field, "must be the id of a node");
    return "";
  }

  optionalEdge(field: string): string | undefined {
    return this.value(field) === undefined ? undefined : this.edge(field);
  }

  text(field: string, charactersMax: number, expected: string): string {
    const value = this.value(field);
    if (typeof value === "string" && value !== "" && value.length <= charactersMax) return value;
    this.report(field, `must be ${expected}`);
    return "";
  }

  /** A whole number; `fallback` where the field is absent, and where it is wrong. */
  integer(field: string, min: number, max: number, fallback: number): number {
    const value = this.value(field);
    if (value === undefined) return fallback;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    this.report(field, `must be a whole number from ${min} to ${max}`);
    return fallback;
  }

  oneOf<const W extends readonly string[]>(field: string, words: W, fallback: W[number] | undefined): W[number] {
    const value = this.value(field);
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    if (value !== undefined || fallback === undefined) this.report(field, `must be one of ${words.join(", ")}`);
    return fallback ?? (words[0] as W[number]);
  }

  /** Several different words; `fallback` where the field is absent. */
  someOf<const W extends readonly string[]>(
    field: string,
    words: W,
    fallback: readonly W[number][],
  ): readonly W[number][] {
    const value = this.value(field);
    if (value === undefined) return fallback;
    const isRight = Array.isArray(value) && value.every((word) => words.includes(word as string));
    if (isRight) return [...new Set(value as W[number][])];
    this.report(field, `must be a list of ${words.join(", ")}`);
    return fallback;
  }
}
