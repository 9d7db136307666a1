// A ready route as the API gives it.
import type { RouteDocument } from "../../api/shapes.ts";

export interface Preset {
  name: string;
  title: string;
  description: string;
  /** null: more than one. */
  mode: string | null;
  models: string[];
  /** What its source claims; nobody measured it here. */
  expectedSaving: { text: string };
  document: RouteDocument;
}
