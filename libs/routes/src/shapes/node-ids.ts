// Ids of elsewhere as ids of ours: the same where they are allowed, else as close as possible and never one that is taken.
import { NODE_ID } from "../document/read-fields.ts";
import type { Notes } from "./notes.ts";

const ID_CHARACTERS_MAX = 64;

export class NodeIds {
  readonly #ours = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** `theirs`: every id of the route, in its order. */
  constructor(theirs: readonly string[], notes: Notes) {
    for (const id of theirs) if (NODE_ID.test(id)) this.#keep(id, id);
    for (const id of theirs) {
      if (this.#ours.has(id)) continue;
      const ours = this.unused(
        id
          .normalize("NFKD")
          .replace(/\p{M}/gu, "")
          .replace(/[^A-Za-z0-9_-]/g, "-"),
      );
      this.#keep(id, ours);
      notes.warn(id, "id", `is called ${ours} here; ids are 1 to 64 letters, digits, - or _`);
    }
  }

  /** undefined: there is no such node. */
  get(theirs: string): string | undefined {
    return this.#ours.get(theirs);
  }

  /** An id that no node has, close to `wanted`; it is taken from now on. */
  unused(wanted: string): string {
    const id = unusedId(wanted, this.#taken);
    this.#taken.add(id);
    return id;
  }

  #keep(theirs: string, ours: string): void {
    this.#ours.set(theirs, ours);
    this.#taken.add(ours);
  }
}

/** `wanted` itself, or with -2, -3 and so on; at most 64 characters. */
export function unusedId(wanted: string, taken: { has(id: string): boolean }): string {
  const base = wanted === "" ? "node" : wanted;
  for (let n = 1; ; n += 1) {
    const ending = n === 1 ? "" : `-${n}`;
    const id = base.slice(0, ID_CHARACTERS_MAX - ending.length) + ending;
    if (!taken.has(id)) return id;
  }
}
