// A ready route to start from.
import type { AutoMode, RouteDocument } from "../document/route-document.ts";

export interface Preset {
  /** The route's name; also what the preset is asked for by. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** undefined: it has more than one. */
  readonly mode: AutoMode | undefined;
  /** As <provider>/<model>, in the order they were written down in. */
  readonly models: readonly string[];
  /** What the text the presets come from says they save. Nobody has measured it. */
  readonly expectedSaving: ExpectedSaving;
  readonly document: RouteDocument;
}

export interface ExpectedSaving {
  readonly text: string;
  readonly isMeasured: false;
}
