// Exporting a route to any of the shapes people have, with what the shape cannot say as warnings.
import type { RouteDocument } from "../document/route-document.ts";
import { writeCloudflare } from "./cloudflare.ts";
import { writeCloudflareDocs } from "./cloudflare-docs.ts";
import { LIVE } from "./elements/dialect.ts";
import { type WrittenElement, writeElements } from "./elements/write-elements.ts";
import { Notes } from "./notes.ts";
import { printJson } from "./print-json.ts";
import type { ExportedRoute, RouteShape } from "./route-shape.ts";
import { writeSeed } from "./seed/write-seed.ts";
import { writeTerraform } from "./terraform.ts";
import { writeWaybill } from "./waybill.ts";

type ShapeWriter = (document: RouteDocument, name: string, notes: Notes) => unknown;

const WRITERS: Readonly<Record<RouteShape, ShapeWriter>> = {
  waybill: writeWaybill,
  cloudflare: writeCloudflare,
  cloudflare_docs: writeCloudflareDocs,
  terraform: writeTerraform,
  seed: writeSeed,
};

/** `document`: without problems, of its own and of its graph. The text is JSON and ends with a line break. */
export function exportRoute(document: RouteDocument, shape: RouteShape, name: string): ExportedRoute {
  const notes = new Notes();
  const json = WRITERS[shape](document, name, notes);
  return { text: printJson(json), warnings: notes.warnings };
}

/** The elements of the live API as a value: what its answers hold. */
export function toCloudflareElements(document: RouteDocument): { elements: WrittenElement[]; warnings: string[] } {
  const notes = new Notes();
  return { elements: writeElements(document, LIVE, notes), warnings: notes.warnings };
}
