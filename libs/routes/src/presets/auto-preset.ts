// Presets that choose among some models with one auto node.
import { type AutoMode, type AutoNode, DEFAULT_FALLBACK_ON } from "../document/route-document.ts";
import type { Preset } from "./preset.ts";

export interface AutoPreset {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mode: AutoMode;
  readonly models: readonly string[];
  /** As the seed's table has it. */
  readonly seedSaving: string;
}

export function autoPreset({ seedSaving, ...preset }: AutoPreset): Preset {
  return {
    ...preset,
    expectedSaving: { text: seedSaving, isMeasured: false },
    document: {
      nodes: [
        { id: "start", kind: "start", next: "choose" },
        autoNode("choose", preset.mode, preset.models),
        { id: "end", kind: "end" },
      ],
    },
  };
}

/** With everything else as it is where nothing is said; it leads to a node called end. */
export function autoNode(id: string, mode: AutoMode, models: readonly string[]): AutoNode {
  return {
    id,
    kind: "auto",
    mode,
    bandPercent: undefined,
    models,
    affinity: "none",
    firstTokenMsMax: undefined,
    retries: 0,
    retryDelayMs: 0,
    backoff: "exponential",
    timeouts: {},
    fallbackOn: DEFAULT_FALLBACK_ON,
    next: "end",
    fallback: undefined,
  };
}
