// Reading one node of the seed's shape: its fields, and its ways out, which may stand in it, among the edges, or in both.
import { isObject, member } from "../../json-fields.ts";
import type { NodeIds } from "../node-ids.ts";
import type { Notes } from "../notes.ts";
import type { SeedEdge } from "./read-seed-edges.ts";

export class SeedNodeReader {
  /** As the text calls it. */
  readonly name: string;
  readonly #node: unknown;
  readonly #edges: readonly SeedEdge[];
  readonly #ids: NodeIds;
  readonly #notes: Notes;
  readonly #used = new Set<string>();

  constructor(name: string, node: unknown, edges: readonly SeedEdge[], ids: NodeIds, notes: Notes) {
    this.name = name;
    this.#node = node;
    this.#edges = edges;
    this.#ids = ids;
    this.#notes = notes;
  }

  problem(field: string, problem: string): void {
    this.#notes.problem(this.name, field, problem);
  }

  warn(field: string, text: string): void {
    this.#notes.warn(this.name, field, text);
  }

  field(name: string): unknown {
    this.#used.add(name);
    return member(this.#node, name) ?? undefined;
  }

  /** undefined where it is absent, and after a problem. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.field(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    this.problem(name, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  /** Our id of the node this way leads to; empty after a problem. */
  edge(way: string): string {
    const to = this.optionalEdge(way);
    if (to === undefined) this.problem(way === "next" ? "edges" : way, `must lead to a node${HOW[way] ?? ""}`);
    return to ?? "";
  }

  optionalEdge(way: string): string | undefined {
    const edges = this.#edges.filter((edge) => edge.way === way).map(({ to }) => to);
    this.#used.add(`edge ${way}`);
    const stated = this.field(way);
    if (stated !== undefined && typeof stated !== "string") this.problem(way, "must be the name of a node");
    const all = [...new Set([...(typeof stated === "string" ? [stated] : []), ...edges])];
    const [to, other] = all;
    if (to === undefined) return stated === undefined ? undefined : "";
    if (other !== undefined) {
      const also = stated === undefined ? "edges lead" : "the node leads";
      this.problem(way === "next" ? "edges" : way, `must agree: ${also} to ${to}, and an edge to ${other}`);
    }
    const ours = this.#ids.get(to);
    if (ours === undefined) this.problem(way, `there is no node ${to.slice(0, 200)}`);
    return ours ?? "";
  }

  /** Called last. */
  warnOfTheRest(): void {
    if (!isObject(this.#node)) return;
    for (const name of Object.keys(this.#node)) {
      if (!this.#used.has(name)) this.warn(name, "is not known here and is left out");
    }
    for (const { way, to } of this.#edges) {
      if (!this.#used.has(`edge ${way}`))
        this.problem("edges", `there is no way ${way.slice(0, 200)} out of it, to ${to}`);
    }
  }
}

const HOW: Readonly<Record<string, string>> = {
  next: ', with an edge like {"from": "start", "to": "end"}',
};
