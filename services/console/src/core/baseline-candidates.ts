// The models that a route can choose from, as its document names them: what "the costliest candidate" is the costliest of.
import type { RouteDocument } from "@waybill/routes";

export interface CandidateCatalogue {
  models: readonly { provider: string; model: string; live: boolean }[];
  aliases: readonly { name: string; target: string }[];
}

/**
 * As <provider>/<model>, each once, in order. An `auto` node that names no models chooses from those that are served; a name that the
 * catalogue does not know is no candidate.
 */
export function candidatesOf(document: RouteDocument, catalogue: CandidateCatalogue): string[] {
  const found = new Set<string>();
  for (const node of document.nodes) {
    if (node.kind !== "model" && node.kind !== "auto") continue;
    const names = node.kind === "model" ? [node.model] : node.models;
    const ids = names.length > 0 ? names.flatMap((name) => modelNamed(name, catalogue) ?? []) : served(catalogue);
    for (const id of ids) found.add(id);
  }
  return [...found].sort();
}

/** A model by any name a client could use for it: <provider>/<model>, an alias, a bare name that only one has. Undefined: none. */
export function modelNamed(name: string, { models, aliases }: CandidateCatalogue): string | undefined {
  const target = aliases.find((alias) => alias.name === name)?.target ?? name;
  const ids = models.map(({ provider, model }) => `${provider}/${model}`);
  if (ids.includes(target)) return target;
  const bare = models.filter(({ model }) => model === target);
  return bare.length === 1 && bare[0] ? `${bare[0].provider}/${bare[0].model}` : undefined;
}

function served({ models }: CandidateCatalogue): string[] {
  return models.filter(({ live }) => live).map(({ provider, model }) => `${provider}/${model}`);
}
