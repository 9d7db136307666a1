// From the model the client wrote to the stops in order: dynamic/<route>, dynamic/<route>@<version>, auto, <provider>/<model>,
// an alias, or the bare name of a model while it is unique.
import { type Allowed, AUTO_NAME, allowedBy, ROUTE_PREFIX } from "./allowed.ts";
import { DIRECT_POLICY } from "./attempt-policy.ts";
import { blockedInput } from "./blocked-input.ts";
import { factsOf } from "./facts.ts";
import type { Item, Itinerary } from "./itinerary.ts";
import type { Question } from "./question.ts";
import type { AutoChoice, CompiledRoute } from "./route/compiled-route.ts";
import { type Stop, walk } from "./route/walk.ts";
import type { Snapshot } from "./snapshot.ts";
import type { World } from "./world.ts";

interface Resolved {
  itinerary: Itinerary;
  reason: string;
}

export type Resolution =
  | Resolved
  | {
      problem: "model_not_found" | "model_not_allowed" | "route_without_model" | "invalid_value" | "content_filtered";
      detail: string;
      param: string;
    };

/** `auto` as a model name. */
const AUTO_CHOICE: AutoChoice = {
  mode: "balanced",
  bandPercent: undefined,
  models: [],
  affinity: "adaptive",
  firstTokenMsMax: undefined,
};

/** Finds the stops. The world is only asked where a route needs it. */
export function resolve(question: Question, snapshot: Snapshot, world: World): Resolution {
  const requested = question.features.requestedModel;
  const refused = refusedAnyway(question, snapshot);
  if (refused) return refused;
  const allowed = allowedBy(question.allowedModels, snapshot);
  if (requested.startsWith(ROUTE_PREFIX)) {
    return resolveRoute(requested.slice(ROUTE_PREFIX.length), question, allowed, snapshot, world);
  }
  const entry = snapshot.named(requested);
  if (!entry && requested === AUTO_NAME) return direct({ kind: "auto", auto: AUTO_CHOICE }, "auto");
  if (!entry) return { problem: "model_not_found", detail: "There is no model of that name.", param: "model" };
  if (!allowed.model(entry.id)) return { problem: "model_not_allowed", detail: "", param: "model" };
  return direct(
    { kind: "model", id: entry.id, tries: 0 },
    entry.id === requested ? "direct" : `${requested} is ${entry.id}`,
  );
}

/** What no route could serve. */
function refusedAnyway(question: Question, snapshot: Snapshot): Resolution | undefined {
  const blocked = blockedInput(question.features.filterFindings);
  if (blocked !== undefined) return { problem: "content_filtered", detail: blocked, param: "" };
  const unknown = question.models.find((name) => !snapshot.named(name));
  if (unknown === undefined) return undefined;
  return { problem: "invalid_value", detail: `There is no model ${unknown}.`, param: "routing_config.models" };
}

/** As `resolve` does where the draft was in service under the name that was asked for. */
export function resolveDraft(draft: CompiledRoute, question: Question, snapshot: Snapshot, world: World): Resolution {
  const refused = refusedAnyway(question, snapshot);
  if (refused) return refused;
  const detail = "the route leads to no model for this request";
  const allowed = allowedBy(question.allowedModels, snapshot);
  return (
    walkRoute(draft, question, allowed, snapshot, world) ?? { problem: "route_without_model", detail, param: "model" }
  );
}

type What = { kind: "model"; id: string; tries: 0 } | { kind: "auto"; auto: AutoChoice };

function direct(what: What, reason: string): Resolved {
  const item: Item = { ...what, node: "", path: [], policy: DIRECT_POLICY, limits: [], onlyAfter: [] };
  return { itinerary: itineraryOf(undefined, [item]), reason };
}

function itineraryOf(route: CompiledRoute | undefined, items: readonly Item[]): Itinerary {
  return {
    route: route?.name ?? "",
    routeVersion: route?.version ?? 0,
    routeOrganisationId: route?.organisationId ?? "",
    items,
    at: -1,
    exceeded: [],
  };
}

function resolveRoute(
  name: string,
  question: Question,
  allowed: Allowed,
  snapshot: Snapshot,
  world: World,
): Resolution {
  const at = name.lastIndexOf("@");
  const bare = at > 0 ? name.slice(0, at) : name;
  const version = at > 0 ? Number(name.slice(at + 1)) : undefined;
  const { features, attribution } = question;
  const route = snapshot.route(attribution.organisationId, bare, version);
  if (!route) {
    return { problem: "model_not_found", detail: "There is no route of that name and version.", param: "model" };
  }
  return walkRoute(route, question, allowed, snapshot, world) ?? notFound(features.requestedModel);
}

function notFound(requested: string): Resolution {
  return { problem: "route_without_model", detail: `${requested} leads to no model for this request.`, param: "model" };
}

/** Undefined: the walk met no model. */
function walkRoute(
  route: CompiledRoute,
  question: Question,
  allowed: Allowed,
  snapshot: Snapshot,
  world: World,
): Resolution | undefined {
  const { features, attribution } = question;
  world.on(route.name);
  const facts = factsOf(features, attribution, route, world);
  const items = itemsOf(
    walk(route, facts, (node) => world.draw(node)),
    snapshot,
  );
  if (items.length === 0) return undefined;
  if (!allowed.route(route.name) && !items.some((item) => item.kind === "auto" || allowed.model(item.id))) {
    return { problem: "model_not_allowed", detail: "", param: "model" };
  }
  return { itinerary: itineraryOf(route, items), reason: `route ${route.name} version ${route.version}` };
}

function itemsOf(stops: readonly Stop[], snapshot: Snapshot): Item[] {
  const items: Item[] = [];
  for (const { node, path, limits, onlyAfter } of stops) {
    const base = { node: node.id, path, policy: node.policy, limits, onlyAfter };
    if (node.kind === "auto") {
      items.push({ kind: "auto", auto: node.auto, ...base });
      continue;
    }
    // Taken away after the route was deployed: the next one counts.
    const entry = snapshot.named(node.model);
    if (entry) items.push({ kind: "model", id: entry.id, tries: 0, ...base });
  }
  return items;
}
