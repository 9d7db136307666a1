// May a kept answer be given again? The caller must be allowed to use it, and request limits must have room; whether the model
// could serve now is of no interest. A conversation like choose, so that a live request and a replay take the same steps.
import type { BudgetRefusal, Candidate } from "@waybill/wire";
import { allowedBy } from "../allowed.ts";
import { type Item, type Itinerary, isOpen, type ModelItem } from "../itinerary.ts";
import type { Question } from "../question.ts";
import type { ModelEntry, Snapshot } from "../snapshot.ts";
import { type Choice, type HoldTold, limitedBy, type Refused, type Wanted } from "./choose.ts";

/** The stops are tried in order, because a limit that is exceeded at one may not count at the next. */
export function* chooseKept(
  question: Question,
  itinerary: Itinerary,
  snapshot: Snapshot,
): Generator<Wanted, Choice, HoldTold> {
  const entry = snapshot.model(question.keptModel);
  if (!entry) return refused(undefined, "model_not_found", "is no longer there");
  const allowed = allowedBy(question.allowedModels, snapshot);
  const isRouteAllowed = itinerary.route !== "" && allowed.route(itinerary.route);
  if (!isRouteAllowed && !allowed.isEverything && !allowed.model(entry.id)) {
    return refused(entry, "model_not_allowed", "not allowed for this key");
  }
  const exceeded = new Set(itinerary.exceeded);
  for (const stop of itinerary.items) {
    if (!isOpen(stop, exceeded)) continue;
    const item = itemAt(stop, entry);
    const told = yield { entry, item };
    if (told.kind === "free" || told.kind === "held") return chosen(entry, item, itinerary);
    if (told.kind === "unavailable") return refused(entry, "budget_unavailable", "its request limits cannot be asked");
    if (told.kind === "limited") {
      const { code, because } = limitedBy(told.rate);
      return refused(entry, code, because);
    }
    if (told.kind !== "refused") continue;
    if (told.limitNode === undefined)
      return refused(entry, "budget_exceeded", "a budget of requests has no room", told.refusal);
    exceeded.add(told.limitNode);
  }
  return refused(entry, "limit_exceeded", "a request limit has no room");
}

function itemAt({ node, path, policy, limits, onlyAfter }: Item, { id }: ModelEntry): ModelItem {
  return { kind: "model", id, tries: 0, node, path, policy, limits, onlyAfter };
}

function chosen(entry: ModelEntry, item: ModelItem, itinerary: Itinerary): Choice {
  const outcome = { kind: "chosen", entry, item, itinerary } as const;
  return { considered: [noteOf(entry, "", "")], mode: "", affinity: undefined, outcome };
}

function refused(
  entry: ModelEntry | undefined,
  code: Refused["code"],
  because: string,
  budget?: BudgetRefusal,
): Choice {
  const outcome = { kind: "refused", code, because, budget } as const;
  return { considered: entry ? [noteOf(entry, code, because)] : [], mode: "", affinity: undefined, outcome };
}

function noteOf({ provider, model }: ModelEntry, rejectedCode: string, rejectedBecause: string): Candidate {
  const unscored = { node: "", quality: 0, expectedCostPicoUsd: 0n, inBand: false };
  return { provider, model, rejectedBecause, rejectedCode, ...unscored };
}
