// Importing a route in any of the shapes people have: finding it, telling its shape, reading it, checking it as a whole.
import { compileCondition } from "../condition/compile-condition.ts";
import { checkGraph } from "../document/check-graph.ts";
import { DOCUMENT_BYTES_MAX, type RouteDocument, type RouteNode } from "../document/route-document.ts";
import { isNestedDeeper } from "../json-fields.ts";
import { readCloudflare } from "./cloudflare.ts";
import { readCloudflareDocs } from "./cloudflare-docs.ts";
import { detectShape } from "./detect-shape.ts";
import { fieldInShape } from "./field-names.ts";
import { Notes } from "./notes.ts";
import { readJsonc } from "./read-jsonc.ts";
import { IMPORT_DEPTH_MAX, type ImportedRoute, type RouteShape } from "./route-shape.ts";
import { readSeed } from "./seed/read-seed.ts";
import { readTerraform } from "./terraform.ts";
import { type FoundRoute, unwrapRoute } from "./unwrap-route.ts";
import { readWaybill } from "./waybill.ts";

/**
 * Reads JSON, also with comments, as a route; `shape` where it is known, else it is told from the text. Answers of Cloudflare's API
 * and of `terraform show -json` are unwrapped. Never throws: every problem is in the result, and the document is usable only when
 * there is none. Limits: route-shape.ts. Whether its models exist is for the catalogue to say.
 */
export function importRoute(text: string, shape?: RouteShape): ImportedRoute {
  const notes = new Notes();
  const read = readJsonc(text);
  if (!("json" in read)) {
    for (const problem of read.problems) notes.problem("", "", problem);
    return imported(shape ?? "waybill", undefined, [], notes);
  }
  const found = unwrapRoute(read.json);
  if (!found) {
    notes.problem("", "", "holds no route: there is no list of elements, and there are no nodes");
    return imported(shape ?? "waybill", undefined, [], notes);
  }
  if (found.others.length > 0) {
    notes.warn("", "", `holds more than one route; the first is read, and not ${found.others.join(", ")}`);
  }
  const told = shape ?? detectShape(found);
  return imported(told, found.name, readAs(told, found, notes), notes);
}

/** The same for elements as Cloudflare's live API takes them, already parsed. */
export function importCloudflareElements(elements: unknown): ImportedRoute {
  const notes = new Notes();
  const isDeep = isNestedDeeper(elements, IMPORT_DEPTH_MAX);
  if (isDeep) notes.problem("", "elements", `is nested deeper than ${IMPORT_DEPTH_MAX}`);
  return imported("cloudflare", undefined, isDeep ? [] : readCloudflare(elements, notes), notes);
}

interface ShapeReader {
  readonly kind: FoundRoute["kind"];
  read(body: unknown, notes: Notes): RouteNode[];
}

const READERS: Readonly<Record<RouteShape, ShapeReader>> = {
  waybill: { kind: "waybill", read: readWaybill },
  cloudflare: { kind: "elements", read: readCloudflare },
  cloudflare_docs: { kind: "elements", read: readCloudflareDocs },
  terraform: { kind: "elements", read: readTerraform },
  seed: { kind: "seed", read: readSeed },
};

const KINDS = { elements: "a list of elements", seed: "an object of nodes, and edges", waybill: "a list of nodes" };

function readAs(shape: RouteShape, { kind, body }: FoundRoute, notes: Notes): RouteNode[] {
  const reader = READERS[shape];
  if (reader.kind === kind) return reader.read(body, notes);
  notes.problem("", "", `is not of the shape ${shape}: there must be ${KINDS[reader.kind]}, not ${KINDS[kind]}`);
  return [];
}

function imported(shape: RouteShape, name: string | undefined, nodes: RouteNode[], notes: Notes): ImportedRoute {
  const document: RouteDocument = { nodes };
  if (nodes.length > 0 || notes.problems.length === 0) checkWhole(shape, document, notes);
  return { shape, name, document, warnings: notes.warnings, problems: notes.problems };
}

function checkWhole(shape: RouteShape, document: RouteDocument, notes: Notes): void {
  const byId = new Map(document.nodes.map((node) => [node.id, node]));
  const isRead = notes.problems.length === 0;
  if (Buffer.byteLength(JSON.stringify(document)) > DOCUMENT_BYTES_MAX) {
    notes.problem("", "", `is larger than ${DOCUMENT_BYTES_MAX} bytes as a document`);
  }
  for (const { node, field, problem } of checkGraph(document)) {
    // Behind an edge or a node that could not be read, everything seems out of reach.
    if (isRead || field !== "") notes.problem(node, fieldInShape(shape, byId.get(node), field), problem);
  }
  for (const node of document.nodes) {
    if (node.kind !== "if") continue;
    const field = fieldInShape(shape, node, "condition");
    compileCondition(node.condition, (where, problem) =>
      notes.problem(node.id, where.replace(/^condition/, field), problem),
    );
  }
}
