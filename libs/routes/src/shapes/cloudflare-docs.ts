// The shape of Cloudflare's documentation page.
import type { RouteDocument, RouteNode } from "../document/route-document.ts";
import { DOCS } from "./elements/dialect.ts";
import { readElements } from "./elements/read-elements.ts";
import { writeElements } from "./elements/write-elements.ts";
import type { Notes } from "./notes.ts";

export function readCloudflareDocs(elements: unknown, notes: Notes): RouteNode[] {
  return readElements(elements, DOCS, notes);
}

export function writeCloudflareDocs(document: RouteDocument, name: string, notes: Notes): unknown {
  return { name, elements: writeElements(document, DOCS, notes) };
}
