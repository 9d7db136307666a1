// All presets, and one of them with the models a catalogue has.
import type { RouteNode } from "../document/route-document.ts";
import type { Preset } from "./preset.ts";
import { SUPPORT } from "./support.ts";
import { BATCH_SUMMARISING, CLASSIFICATION, REASONING, SUPPORT_FREE, SUPPORT_PAID } from "./use-cases.ts";

const PRESETS: readonly Preset[] = [SUPPORT, SUPPORT_PAID, SUPPORT_FREE, BATCH_SUMMARISING, CLASSIFICATION, REASONING];

export function presets(): readonly Preset[] {
  return PRESETS;
}

/**
 * The preset with other models: `replace` says which stands for which, e.g. openai/gpt-4.1 -> sim/premium; what it does not name
 * stays. Two that become one stand there once. undefined: there is no preset of that name.
 */
export function presetFor(name: string, replace: ReadonlyMap<string, string>): Preset | undefined {
  const preset = PRESETS.find((known) => known.name === name);
  if (!preset) return undefined;
  const swap = (models: readonly string[]): string[] => [
    ...new Set(models.map((model) => replace.get(model) ?? model)),
  ];
  const swapIn = (node: RouteNode): RouteNode => {
    if (node.kind === "auto") return { ...node, models: swap(node.models) };
    return node.kind === "model" ? { ...node, model: replace.get(node.model) ?? node.model } : node;
  };
  return { ...preset, models: swap(preset.models), document: { nodes: preset.document.nodes.map(swapIn) } };
}
