// Reading one element: its properties and outputs, each problem under the name it has in the text.
import { type Fields, isObject, member } from "../../json-fields.ts";
import type { NodeIds } from "../node-ids.ts";
import type { Notes } from "../notes.ts";
import type { ElementDialect } from "./dialect.ts";

export class ElementReader {
  /** As the text calls it. */
  readonly id: string;
  readonly dialect: ElementDialect;
  readonly notes: Notes;
  readonly #ids: NodeIds;
  readonly #properties: Fields;
  readonly #outputs: Fields;
  readonly #used = new Set<string>();

  constructor(id: string, element: Fields, dialect: ElementDialect, ids: NodeIds, notes: Notes) {
    this.id = id;
    this.dialect = dialect;
    this.notes = notes;
    this.#ids = ids;
    this.#properties = this.#group(element, "properties");
    this.#outputs = this.#group(element, "outputs");
  }

  #group(element: Fields, name: string): Fields {
    const value = member(element, name);
    if (isObject(value)) return value;
    if (value !== undefined && value !== null) this.problem(name, "must be an object");
    return {};
  }

  problem(field: string, problem: string): void {
    this.notes.problem(this.id, field, problem);
  }

  warn(field: string, text: string): void {
    this.notes.warn(this.id, field, text);
  }

  /** null, which Terraform writes for what is not set, is absent. */
  property(name: string): unknown {
    this.#used.add(`properties.${name}`);
    return member(this.#properties, name) ?? undefined;
  }

  outputNames(): string[] {
    return Object.keys(this.#outputs).filter((name) => (this.#outputs[name] ?? null) !== null);
  }

  /** Our id of the node; empty after a problem. */
  output(name: string): string {
    const to = this.optionalOutput(name);
    if (to === undefined) this.problem(`outputs.${name}`, `is required, like {"${this.dialect.edge}": "end"}`);
    return to ?? "";
  }

  optionalOutput(name: string): string | undefined {
    this.#used.add(`outputs.${name}`);
    const output = member(this.#outputs, name) ?? undefined;
    if (output === undefined) return undefined;
    const to = member(output, "elementId") ?? member(output, "element_id");
    if (typeof to !== "string") {
      this.problem(`outputs.${name}`, `must be like {"${this.dialect.edge}": "end"}`);
      return "";
    }
    const ours = this.#ids.get(to);
    if (ours === undefined) this.problem(`outputs.${name}`, `there is no element ${to.slice(0, 200)}`);
    return ours ?? "";
  }

  /** A whole number; undefined where it is absent, and after a problem. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.property(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    this.problem(`properties.${name}`, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  text(name: string): string {
    const value = this.property(name);
    if (typeof value === "string" && value !== "") return value;
    this.problem(`properties.${name}`, value === undefined ? "is required" : "must be text");
    return "";
  }

  /** Called last: what nobody asked for is left out, and that is said. */
  warnOfTheRest(): void {
    const rest = [
      ...Object.keys(this.#properties).map((name) => `properties.${name}`),
      ...this.outputNames().map((name) => `outputs.${name}`),
    ];
    for (const field of rest) {
      if (this.#used.has(field) || this.#isNull(field)) continue;
      this.warn(field, DROPPED[field] ?? "is not known here and is left out");
    }
  }

  #isNull(field: string): boolean {
    return field.startsWith("properties.") && this.#properties[field.slice("properties.".length)] === null;
  }
}

const DROPPED: Readonly<Record<string, string>> = {
  "properties.condition": "is left out, as Cloudflare does; its name is conditions",
  "properties.technique": "is left out, as Cloudflare does; windows are fixed",
  "properties.interval": "is left out, as Cloudflare does; its name is window",
};
