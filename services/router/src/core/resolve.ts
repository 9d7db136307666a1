// From the model the client wrote to the candidates in order: dynamic/<route>, dynamic/<route>@<version>, <provider>/<model>,
// an alias, or the bare name of a model while it is unique.
import { allowedBy, ROUTE_PREFIX } from "./allowed.ts";
import type { Facts } from "./route/condition.ts";
import { walk } from "./route/walk.ts";
import type { ModelEntry, Snapshot } from "./snapshot.ts";

export interface CandidateModel {
  entry: ModelEntry;
  /** Nodes that led here; empty for a direct model. */
  path: readonly string[];
  isAllowed: boolean;
}

interface Resolved {
  /** Empty for a direct model or an alias. */
  route: string;
  routeVersion: number;
  candidates: CandidateModel[];
  reason: string;
}

export type Resolution = Resolved | { problem: "model_not_found" | "model_not_allowed"; detail: string };

/** Finds the candidates. `facts` is only called for a route: most requests need none. */
export function resolve(
  requested: string,
  allowedModels: readonly string[],
  snapshot: Snapshot,
  facts: () => Facts,
): Resolution {
  const allowed = allowedBy(allowedModels, snapshot);
  if (!requested.startsWith(ROUTE_PREFIX)) {
    const entry = snapshot.named(requested);
    if (!entry) return { problem: "model_not_found", detail: "There is no model of that name." };
    if (!allowed.model(entry.id)) return { problem: "model_not_allowed", detail: "" };
    const reason = entry.id === requested ? "direct" : `${requested} is ${entry.id}`;
    return { route: "", routeVersion: 0, candidates: [{ entry, path: [], isAllowed: true }], reason };
  }
  return resolveRoute(requested.slice(ROUTE_PREFIX.length), allowed, snapshot, facts);
}

function resolveRoute(
  name: string,
  allowed: ReturnType<typeof allowedBy>,
  snapshot: Snapshot,
  facts: () => Facts,
): Resolution {
  const at = name.lastIndexOf("@");
  const bare = at > 0 ? name.slice(0, at) : name;
  const version = at > 0 ? Number(name.slice(at + 1)) : undefined;
  const route = snapshot.route(bare, version);
  if (!route) return { problem: "model_not_found", detail: "There is no route of that name and version." };
  const isRouteAllowed = allowed.route(bare);
  const candidates: CandidateModel[] = [];
  for (const { name: modelName, path } of walk(route, facts())) {
    const entry = snapshot.named(modelName);
    // Taken away after the route was deployed, or named twice on the way: the next one counts.
    if (!entry || candidates.some((other) => other.entry === entry)) continue;
    candidates.push({ entry, path, isAllowed: isRouteAllowed || allowed.model(entry.id) });
  }
  if (candidates.length === 0) return { problem: "model_not_found", detail: "The route leads to no model." };
  if (!candidates.some(({ isAllowed }) => isAllowed)) return { problem: "model_not_allowed", detail: "" };
  return { route: bare, routeVersion: route.version, candidates, reason: `route ${bare} version ${route.version}` };
}
