// Where a request goes that its budget has no room for at the model it meant: to cheaper ones that it may have, the cheapest first.
import type { Allowed } from "../allowed.ts";
import { isFree } from "../bounds.ts";
import type { Item, ModelItem } from "../itinerary.ts";
import type { Question } from "../question.ts";
import type { ModelEntry, Snapshot } from "../snapshot.ts";
import type { World } from "../world.ts";
import { expectedCostPicoUsd, expectedSize } from "./expected-cost.ts";
import { reject } from "./filter.ts";

/** Further ones are not tried: the next would hardly fit where the cheapest three did not. */
const TRIED_MAX = 3;

export interface Downgrade {
  question: Question;
  allowed: Allowed;
  /** The caller may use the route, and with it every model the route names. */
  isRouteAllowed: boolean;
  /** Of the request; a model that failed is not tried again. */
  items: readonly Item[];
  snapshot: Snapshot;
  world: World;
}

/** In place of `item`, at the same node. Empty: there is nothing cheaper that can serve. */
export function cheaperModels(item: ModelItem, entry: ModelEntry, downgrade: Downgrade): ModelItem[] {
  const { question, snapshot } = downgrade;
  if (!entry.price) return [];
  const size = expectedSize(question.features);
  const most = expectedCostPicoUsd(entry.price, size);
  const cheaper: { id: string; costPicoUsd: number }[] = [];
  for (const { id, price } of snapshot.models()) {
    const costPicoUsd = price ? expectedCostPicoUsd(price, size) : most;
    if (costPicoUsd < most) cheaper.push({ id, costPicoUsd });
  }
  cheaper.sort((a, b) => a.costPicoUsd - b.costPicoUsd || (a.id < b.id ? -1 : 1));
  const items: ModelItem[] = [];
  for (const { id } of cheaper) {
    const model = snapshot.model(id);
    if (!model || !canServe(model, item, downgrade)) continue;
    const { node, path, policy, limits, onlyAfter } = item;
    items.push({ kind: "model", id, tries: 0, node, path: [...path, "downgrade"], policy, limits, onlyAfter });
    if (items.length === TRIED_MAX) break;
  }
  return items;
}

/** What costs nothing whatever it does, so that a budget without room lets it pass. */
export function costsNothing({ price }: ModelEntry): boolean {
  return price !== undefined && isFree(price);
}

function canServe(model: ModelEntry, { limits }: ModelItem, downgrade: Downgrade): boolean {
  const { question, allowed, isRouteAllowed, items, world } = downgrade;
  const ofRoute = items.find((item) => item.kind === "model" && item.id === model.id);
  if (ofRoute?.kind === "model" && ofRoute.tries > 0) return false;
  const { live, circuit } = world.look(model);
  const rejection = reject(model, question.features, {
    isAllowed: allowed.isEverything || allowed.model(model.id) || (isRouteAllowed && ofRoute !== undefined),
    isLive: live,
    circuit,
    hasHardBudget: () => world.budgets(model, limits).hasHard,
    unixMs: world.atMs,
  });
  return rejection === undefined;
}
