// The shape of Cloudflare's live API, and what the three shapes of elements have in common on the way out.
import type { RouteDocument, RouteNode } from "../document/route-document.ts";
import { LIVE } from "./elements/dialect.ts";
import { readElements } from "./elements/read-elements.ts";
import { writeElements } from "./elements/write-elements.ts";
import type { Notes } from "./notes.ts";

export function readCloudflare(elements: unknown, notes: Notes): RouteNode[] {
  return readElements(elements, LIVE, notes);
}

export function writeCloudflare(document: RouteDocument, name: string, notes: Notes): unknown {
  return { name, elements: writeElements(document, LIVE, notes) };
}
