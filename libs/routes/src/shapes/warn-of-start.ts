// What a start node says about the whole route and other shapes cannot.
import type { StartNode } from "../document/route-document.ts";
import type { Notes } from "./notes.ts";

export function warnOfStart({ id, cache, filters }: StartNode, notes: Notes): void {
  if (cache) notes.warn(id, "cache", "cannot be said and is left out");
  if (filters?.length) notes.warn(id, "filters", "cannot be said and are left out");
}
