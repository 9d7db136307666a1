// The shapes a route can come in and go out as, and what an import and an export give back.
import type { RouteDocument, RouteProblem } from "../document/route-document.ts";

/**
 * `waybill`: our own document. `cloudflare`: the live API's elements. `cloudflare_docs`: the elements of its documentation page.
 * `terraform`: the elements of its Terraform provider, as JSON. `seed`: a map of nodes, and edges.
 */
export const ROUTE_SHAPES = ["waybill", "cloudflare", "cloudflare_docs", "terraform", "seed"] as const;
export type RouteShape = (typeof ROUTE_SHAPES)[number];

export interface ImportedRoute {
  readonly shape: RouteShape;
  readonly name: string | undefined;
  /** Usable only when there is no problem. */
  readonly document: RouteDocument;
  /** What is not meant here exactly as it was written, each with its node and field. */
  readonly warnings: string[];
  /** Fields are those of the text, not of our document. */
  readonly problems: RouteProblem[];
}

export interface ExportedRoute {
  readonly text: string;
  /** What the shape cannot say, each with its node and field, and what stands there instead. */
  readonly warnings: string[];
}

/** Of the text of a route in any shape, in UTF-8. */
export const IMPORT_BYTES_MAX = 1024 * 1024;
/** Objects and lists inside each other in such a text. */
export const IMPORT_DEPTH_MAX = 64;
/** Problems of one import, and its warnings: what comes after them is not told. */
export const NOTES_MAX = 1_000;
/** Outputs of a percentage element. */
export const CLOUDFLARE_OUTPUTS_MAX = 5;
/** What Cloudflare's documentation page gives a model; its elements must have a timeout. */
export const CLOUDFLARE_TIMEOUT_MS = 60_000;
export const CLOUDFLARE_KINDS = ["start", "conditional", "percentage", "rate", "model", "end"] as const;
