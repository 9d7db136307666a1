// What an import or an export has to say: problems and warnings, with node and field, each once and not without end.
import type { RouteProblem } from "../document/route-document.ts";
import { NOTES_MAX } from "./route-shape.ts";

const NAME_CHARACTERS_MAX = 200;

export class Notes {
  readonly problems: RouteProblem[] = [];
  readonly warnings: string[] = [];
  readonly #said = new Set<string>();

  problem(node: string, field: string, problem: string): void {
    const note = { node: shorten(node), field: shorten(field), problem };
    if (this.problems.length < NOTES_MAX && this.#isNew(`problem ${JSON.stringify(note)}`)) this.problems.push(note);
  }

  /** Empty `node` or `field`: it belongs to the whole route, to the whole node. */
  warn(node: string, field: string, text: string): void {
    const place = [shorten(node), shorten(field)].filter((part) => part !== "").join(".");
    const warning = place === "" ? text : `${place}: ${text}`;
    if (this.warnings.length < NOTES_MAX && this.#isNew(`warning ${warning}`)) this.warnings.push(warning);
  }

  #isNew(note: string): boolean {
    const isNew = !this.#said.has(note);
    this.#said.add(note);
    return isNew;
  }
}

function shorten(name: string): string {
  return name.length <= NAME_CHARACTERS_MAX ? name : `${name.slice(0, NAME_CHARACTERS_MAX)}…`;
}
