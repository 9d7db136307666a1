// An `auto` node's turn: who can serve is scored, the best come first, and a session may stay where it is.
import type { SessionAffinity } from "@waybill/wire";
import type { Allowed } from "../allowed.ts";
import type { AutoItem, ModelItem } from "../itinerary.ts";
import type { Question } from "../question.ts";
import type { ModelEntry, Snapshot } from "../snapshot.ts";
import type { World } from "../world.ts";
import { retains } from "./affinity.ts";
import { type ExpectedSize, expectedCostPicoUsd, expectedSize } from "./expected-cost.ts";
import { type Circumstances, NOT_ALLOWED, NOT_LIVE, type Rejection, reject } from "./filter.ts";
import { predictQuality, taskOf } from "./predict-quality.ts";
import { bandOf, leastQuality, type Ranked, rank } from "./rank.ts";

/** Further ones are not tried: a request has had its chances by then. */
const RANKED_MAX = 6;
/** Of an open pool, so many models are looked at. */
const POOL_MAX = 1_000;

export interface RankedAuto {
  items: ModelItem[];
  rejected: { entry: ModelEntry; rejection: Rejection }[];
  mode: string;
  affinity: SessionAffinity | undefined;
}

export function rankAuto(
  item: AutoItem,
  question: Question,
  allowed: Allowed,
  isRouteAllowed: boolean,
  snapshot: Snapshot,
  world: World,
): RankedAuto {
  const { auto } = item;
  const mode = question.mode ?? auto.mode;
  const size = expectedSize(question.features);
  const task = taskOf({ ...question.features, task: ownText(question.features.metadata, "task") });
  const rejected: RankedAuto["rejected"] = [];
  const scored: (Ranked<ModelEntry> & { isKnown: boolean })[] = [];
  const around = new Surroundings(item, world);
  for (const entry of poolOf(auto.models, question, snapshot)) {
    around.look(entry, isRouteAllowed || allowed.isEverything || allowed.model(entry.id));
    const rejection = rejectInPool(item, entry, around, question);
    if (rejection) {
      if (isWorthSaying(item, question, rejection)) rejected.push({ entry, rejection });
      continue;
    }
    const quality = predictQuality(task, entry);
    const costPicoUsd = entry.price ? expectedCostPicoUsd(entry.price, size) : 0;
    scored.push({ item: entry, quality: quality ?? 0, costPicoUsd, isKnown: quality !== undefined });
  }
  const usable = withKnownQuality(scored, rejected);
  const band = bandOf(mode, question.mode === undefined ? auto.bandPercent : undefined);
  const least = leastQuality(usable, band);
  const ordered = rank(usable, band, RANKED_MAX);
  const affinity = applySession(item, question, usable, ordered, { least, size, world });
  const items = ordered.map((ranked): ModelItem => {
    const { quality, costPicoUsd } = ranked;
    const scores = { quality, costPicoUsd, inBand: quality >= least };
    const { node, path, policy, limits, onlyAfter } = item;
    return { kind: "model", id: ranked.item.id, tries: 0, node, path, policy, limits, onlyAfter, scores };
  });
  return { items, rejected, mode, affinity };
}

/** The node's models, or all; of these, those the request names. */
function* poolOf(names: readonly string[], { models }: Question, snapshot: Snapshot): Iterable<ModelEntry> {
  const wanted = models.length === 0 ? undefined : new Set(models.map((name) => snapshot.named(name)?.id));
  if (names.length === 0) {
    let count = 0;
    for (const entry of snapshot.models()) {
      if (wanted && !wanted.has(entry.id)) continue;
      count += 1;
      if (count > POOL_MAX) return;
      yield entry;
    }
    return;
  }
  for (const name of names) {
    const entry = snapshot.named(name);
    if (entry && (!wanted || wanted.has(entry.id))) yield entry;
  }
}

/** One object for all models of the pool, because a request looks at very many. */
class Surroundings implements Circumstances {
  readonly #world: World;
  readonly #limits: AutoItem["limits"];
  #entry: ModelEntry | undefined;
  readonly unixMs: number;
  isAllowed = false;
  isLive = false;
  circuit = "closed";
  firstTokenMs = 0;

  constructor({ limits }: AutoItem, world: World) {
    this.#world = world;
    this.#limits = limits;
    this.unixMs = world.atMs;
  }

  look(entry: ModelEntry, isAllowed: boolean): void {
    const { live, circuit, firstTokenMs } = this.#world.look(entry);
    this.#entry = entry;
    this.isAllowed = isAllowed;
    this.isLive = live;
    this.circuit = circuit;
    this.firstTokenMs = firstTokenMs;
  }

  hasHardBudget(): boolean {
    return this.#entry !== undefined && this.#world.budgets(this.#entry, this.#limits).hasHard;
  }
}

function rejectInPool(
  { auto }: AutoItem,
  entry: ModelEntry,
  around: Surroundings,
  { features }: Question,
): Rejection | undefined {
  const rejection = reject(entry, features, around);
  if (rejection) return rejection;
  if (!entry.price) return { code: "price_unknown", because: "no known price to choose by" };
  const firstTokenMs = around.firstTokenMs > 0 ? around.firstTokenMs : entry.firstTokenMs;
  if (auto.firstTokenMsMax !== undefined && firstTokenMs > auto.firstTokenMsMax) {
    return {
      code: "no_workers",
      because: `first token after about ${firstTokenMs} ms, allowed ${auto.firstTokenMsMax}`,
    };
  }
  return undefined;
}

/** In an open pool, what nobody serves or the key may not use is no news. */
function isWorthSaying({ auto }: AutoItem, { models }: Question, rejection: Rejection): boolean {
  if (auto.models.length > 0 || models.length > 0) return true;
  return rejection !== NOT_ALLOWED && rejection !== NOT_LIVE;
}

/** Where some models' quality is known, the others cannot be compared with them; where none is, they are all the same. */
function withKnownQuality(
  scored: (Ranked<ModelEntry> & { isKnown: boolean })[],
  rejected: RankedAuto["rejected"],
): Ranked<ModelEntry>[] {
  if (!scored.some(({ isKnown }) => isKnown)) return scored;
  return scored.filter((ranked) => {
    if (ranked.isKnown) return true;
    rejected.push({
      entry: ranked.item,
      rejection: { code: "model_not_allowed", because: "its quality is not known" },
    });
    return false;
  });
}

/** Puts the session's model first where the session stays, and says what was decided. Changes `ordered`. */
function applySession(
  item: AutoItem,
  question: Question,
  usable: readonly Ranked<ModelEntry>[],
  ordered: Ranked<ModelEntry>[],
  { least, size, world }: { least: number; size: ExpectedSize; world: World },
): SessionAffinity | undefined {
  const strategy = question.affinity ?? item.auto.affinity;
  const [fresh] = ordered;
  if (strategy === "none" || question.sessionId === "" || !fresh) return undefined;
  const told = (decision: string): SessionAffinity => ({ strategy, source: question.sessionSource, decision });
  const sessionModel = world.sessionModel(item.node);
  if (sessionModel === "") return told("initialize");
  if (fresh.item.id === sessionModel) return told("retain");
  const current = usable.find((ranked) => ranked.item.id === sessionModel);
  const price = current?.item.price;
  const stays = retains({
    strategy,
    canServe: current !== undefined,
    inBand: current !== undefined && current.quality >= least,
    retainedCostPicoUsd: price ? expectedCostPicoUsd(price, size, true) : 0,
    freshCostPicoUsd: fresh.costPicoUsd,
  });
  if (!current || !stays) return told("switch");
  const at = ordered.indexOf(current);
  if (at >= 0) ordered.splice(at, 1);
  ordered.unshift(current);
  return told("retain");
}

function ownText(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
