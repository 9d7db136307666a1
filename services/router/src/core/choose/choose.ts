// Filter -> score -> pick, as a conversation: it yields the candidate whose money it wants held and is told how that went, so
// that the same steps serve a live request, a simulation and a replay. The first that can serve and is paid for is chosen.

import type { ErrorCode } from "@waybill/domain";
import {
  type BudgetRefusal,
  BudgetUnit,
  type Candidate as CandidateNote,
  Exhaustion,
  type RateRefusal,
  type SessionAffinity,
} from "@waybill/wire";
import { type Allowed, allowedBy } from "../allowed.ts";
import { type AutoItem, type Item, type Itinerary, isOpen, type ModelItem } from "../itinerary.ts";
import type { Question } from "../question.ts";
import type { ModelEntry, Snapshot } from "../snapshot.ts";
import type { World } from "../world.ts";
import { cheaperModels, costsNothing } from "./cheaper-models.ts";
import { chooseKept } from "./choose-kept.ts";
import { type Rejection, reject, speakingRejection } from "./filter.ts";
import { rankAuto } from "./rank-auto.ts";

/** What is wanted: money for one attempt at this model. */
export interface Wanted {
  entry: ModelEntry;
  item: ModelItem;
}

/** How it went. */
export type HoldTold =
  | { kind: "free" }
  | { kind: "held" }
  /** `limitNode`: it was that limit's counter, not a budget. `onExhausted`: what the budget wants then. */
  | { kind: "refused"; refusal: BudgetRefusal; limitNode: string | undefined; onExhausted?: Exhaustion }
  /** A rate limit has no room at the moment. */
  | { kind: "limited"; rate: RateRefusal }
  /** A hard budget or limit cannot be asked now. Nothing that costs anything may be sent; with `mayBeFree`, what is free may. */
  | { kind: "unavailable"; mayBeFree?: boolean }
  /** The cost has no bound, and a hard budget applies. */
  | { kind: "unbounded" };

export interface Choice {
  considered: CandidateNote[];
  /** An `auto` node was asked. */
  mode: string;
  affinity: SessionAffinity | undefined;
  outcome: Chosen | Refused;
}

export interface Chosen {
  kind: "chosen";
  entry: ModelEntry;
  item: ModelItem;
  /** With this attempt counted. */
  itinerary: Itinerary;
}

export interface Refused {
  kind: "refused";
  code: ErrorCode;
  because: string;
  budget: BudgetRefusal | undefined;
  rate?: RateRefusal | undefined;
}

export interface ChooseFrom {
  question: Question;
  itinerary: Itinerary;
  /** Index of the first item to look at. */
  from: number;
  /** An item to try once more before that. */
  retry: ModelItem | undefined;
  /** An item to try once more when nothing else can serve: its provider asked to be left alone for a while first. */
  awaited: ModelItem | undefined;
  /** Set after context_length_exceeded: models with a known smaller or equal window would only say the same. */
  windowAbove: bigint;
}

export function* choose(asked: ChooseFrom, snapshot: Snapshot, world: World): Generator<Wanted, Choice, HoldTold> {
  const { question, itinerary } = asked;
  if (question.keptModel !== "") return yield* chooseKept(question, itinerary, snapshot);
  return yield* new Choosing(asked, snapshot, world).run();
}

class Choosing {
  readonly #asked: ChooseFrom;
  readonly #snapshot: Snapshot;
  readonly #world: World;
  readonly #allowed: Allowed;
  readonly #isRouteAllowed: boolean;
  readonly #items: Item[];
  readonly #exceeded: Set<string>;
  readonly #notes = new Notes();
  /** A budget has said that nothing more may cost anything: why. */
  #onlyFree: Rejection | undefined;
  #isDowngraded = false;

  constructor(asked: ChooseFrom, snapshot: Snapshot, world: World) {
    this.#asked = asked;
    this.#snapshot = snapshot;
    this.#world = world;
    const { question, itinerary } = asked;
    this.#allowed = allowedBy(question.allowedModels, snapshot);
    this.#isRouteAllowed = itinerary.route !== "" && this.#allowed.route(itinerary.route);
    this.#items = [...itinerary.items];
    this.#exceeded = new Set(itinerary.exceeded);
  }

  *run(): Generator<Wanted, Choice, HoldTold> {
    const { from, retry, awaited, itinerary } = this.#asked;
    if (retry) {
      const choice = yield* this.#consider(retry, itinerary.at);
      if (choice) return choice;
    }
    // A limit that is found exceeded may open a way that begins later in the list, never one before.
    for (let index = from; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (!item || !isOpen(item, this.#exceeded)) continue;
      if (item.kind === "auto") {
        this.#rank(item, index);
        index -= 1;
        continue;
      }
      if (this.#hasFailed(item.id)) continue;
      const choice = yield* this.#consider(item, index);
      if (choice) return choice;
    }
    if (awaited) {
      const choice = yield* this.#consider(awaited, itinerary.at);
      if (choice) return choice;
    }
    return { ...this.#notes.summary(), outcome: this.#notes.refusal() };
  }

  /** The node's place is taken by the models it ranked. */
  #rank(item: AutoItem, index: number): void {
    const { question } = this.#asked;
    const ranked = rankAuto(item, question, this.#allowed, this.#isRouteAllowed, this.#snapshot, this.#world);
    this.#notes.ranked(item.node, ranked);
    this.#items.splice(index, 1, ...ranked.items);
  }

  #hasFailed(id: string): boolean {
    return this.#items.some((item) => item.kind === "model" && item.id === id && item.tries > 0);
  }

  /** Undefined: this one cannot serve, or cannot be paid for; the next one may. */
  *#consider(item: ModelItem, index: number): Generator<Wanted, Choice | undefined, HoldTold> {
    const entry = this.#snapshot.model(item.id);
    if (!entry || isTooSmall(entry, this.#asked.windowAbove)) return undefined;
    const rejection = this.#rejection(item, entry);
    if (rejection) {
      this.#notes.rejected(item, entry, rejection);
      return undefined;
    }
    if (this.#onlyFree && !costsNothing(entry)) {
      this.#notes.rejected(item, entry, this.#onlyFree);
      return undefined;
    }
    const told = yield { entry, item };
    if (told.kind === "free" || told.kind === "held") return this.#chosen(item, entry, index);
    if (told.kind === "limited") {
      const refused = this.#notes.limited(item, entry, told.rate);
      // One of the caller holds for every model.
      return told.rate.ofTarget ? undefined : { ...this.#notes.summary(), outcome: refused };
    }
    if (told.kind === "unavailable") {
      if (!told.mayBeFree) return { ...this.#notes.summary(), outcome: UNAVAILABLE };
      this.#onlyFree = {
        code: "budget_unavailable",
        because: "a budget cannot be asked, and lets pass only what is free",
      };
      this.#notes.rejected(item, entry, this.#onlyFree);
      return undefined;
    }
    this.#notes.unpaid(item, entry, told);
    if (told.kind === "refused") this.#exhausted(item, entry, index, told);
    return undefined;
  }

  /** What the limit or the budget that has no room wants to happen. */
  #exhausted(item: ModelItem, entry: ModelEntry, index: number, told: HoldTold & { kind: "refused" }): void {
    const { limitNode, refusal, onExhausted = Exhaustion.UNSPECIFIED } = told;
    if (limitNode !== undefined) {
      this.#exceeded.add(limitNode);
    } else if (onExhausted === Exhaustion.DOWNGRADE) {
      if (!this.#isDowngraded) this.#items.splice(index + 1, 0, ...this.#cheaper(item, entry));
      this.#isDowngraded = true;
    } else if (onExhausted !== Exhaustion.FALLBACK) {
      this.#onlyFree = { code: "budget_exceeded", because: `budget ${refusal.budgetName} lets pass only what is free` };
    }
  }

  #cheaper(item: ModelItem, entry: ModelEntry): ModelItem[] {
    const { question } = this.#asked;
    return cheaperModels(item, entry, {
      ...{ question, allowed: this.#allowed, isRouteAllowed: this.#isRouteAllowed },
      ...{ items: this.#items, snapshot: this.#snapshot, world: this.#world },
    });
  }

  #rejection(item: ModelItem, entry: ModelEntry): Rejection | undefined {
    const { live, circuit } = this.#world.look(entry);
    const isAwaited = circuit === "rate_limited" && item === this.#asked.awaited;
    const rejection = reject(entry, this.#asked.question.features, {
      isAllowed: this.#isRouteAllowed || this.#allowed.model(entry.id),
      isLive: live,
      circuit: isAwaited ? "closed" : circuit,
      hasHardBudget: () => this.#world.budgets(entry, item.limits).hasHard,
      unixMs: this.#world.atMs,
    });
    if (rejection) return rejection;
    if (this.#world.admits(entry)) return undefined;
    return { code: "upstream_unreachable", because: "its circuit is half open and another request is the probe" };
  }

  #chosen(item: ModelItem, entry: ModelEntry, index: number): Choice {
    this.#notes.chosen(item, entry, this.#items.slice(index + 1), this.#snapshot);
    const items = this.#items.with(index, { ...item, tries: item.tries + 1 });
    const itinerary = { ...this.#asked.itinerary, items, at: index, exceeded: [...this.#exceeded] };
    return { ...this.#notes.summary(), outcome: { kind: "chosen", entry, item, itinerary } };
  }
}

const UNAVAILABLE: Refused = { kind: "refused", code: "budget_unavailable", because: "", budget: undefined };

function isTooSmall({ contextWindowTokens }: ModelEntry, above: bigint): boolean {
  return above > 0n && contextWindowTokens > 0n && contextWindowTokens <= above;
}

/** Notes for the explanation, and what a refusal is made of. */
class Notes {
  readonly #considered: CandidateNote[] = [];
  readonly #rejections: Rejection[] = [];
  #budget: BudgetRefusal | undefined;
  #rate: RateRefusal | undefined;
  #mode = "";
  #affinity: SessionAffinity | undefined;

  ranked(node: string, { rejected, mode, affinity }: ReturnType<typeof rankAuto>): void {
    this.#mode = mode;
    this.#affinity = affinity;
    for (const { entry, rejection } of rejected) this.#note(node, entry, rejection);
  }

  rejected(item: ModelItem, entry: ModelEntry, rejection: Rejection): void {
    this.#note(item.node, entry, rejection, item);
  }

  limited(item: ModelItem, entry: ModelEntry, rate: RateRefusal): Refused {
    this.#rate ??= rate;
    const rejection = limitedBy(rate);
    this.#note(item.node, entry, rejection, item);
    return { kind: "refused", ...rejection, budget: undefined, rate };
  }

  unpaid(item: ModelItem, entry: ModelEntry, told: Extract<HoldTold, { kind: "refused" | "unbounded" }>): void {
    if (told.kind === "unbounded") {
      this.#note(item.node, entry, { code: "hold_unbounded", because: "its cost cannot be bounded" }, item);
      return;
    }
    const { refusal, limitNode } = told;
    const metric = item.limits.find(({ node }) => node === limitNode)?.limit.metric;
    if (metric === "count" || metric === "tokens") {
      const because = `limit ${limitNode}: needs ${refusal.neededPicoUsd} ${metric}, left ${refusal.leftPicoUsd}`;
      this.#note(item.node, entry, { code: "limit_exceeded", because }, item);
      return;
    }
    this.#budget ??= refusal;
    const { budgetName, neededPicoUsd, leftPicoUsd } = refusal;
    const because = `budget ${budgetName}: needs ${neededPicoUsd}, left ${leftPicoUsd} ${unitWord(refusal.unit)}`;
    this.#note(item.node, entry, { code: "budget_exceeded", because }, item);
  }

  /** The chosen one, and those that an `auto` node ranked behind it. */
  chosen(item: ModelItem, entry: ModelEntry, rest: readonly Item[], snapshot: Snapshot): void {
    this.#considered.push(noteOf(item.node, entry, undefined, item));
    for (const other of rest) {
      if (other.kind !== "model" || !other.scores || other.node !== item.node) break;
      const model = snapshot.model(other.id);
      if (model) this.#considered.push(noteOf(other.node, model, undefined, other));
    }
  }

  summary(): Pick<Choice, "considered" | "mode" | "affinity"> {
    return { considered: this.#considered, mode: this.#mode, affinity: this.#affinity };
  }

  refusal(): Refused {
    if (this.#rejections.length === 0) {
      return { kind: "refused", code: "route_without_model", because: "leads to no model", budget: undefined };
    }
    const { code, because } = speakingRejection(this.#rejections);
    return { kind: "refused", code, because, budget: this.#budget, rate: this.#rate };
  }

  #note(node: string, entry: ModelEntry, rejection: Rejection, item?: ModelItem): void {
    this.#rejections.push(rejection);
    this.#considered.push(noteOf(node, entry, rejection, item));
  }
}

/** Why a candidate is out that a rate limit has no room for. */
export function limitedBy({ limitId, amount, unit, perSeconds }: RateRefusal): Rejection {
  const much = unit === "concurrency" ? `${amount} requests at a time` : `${amount} ${unit} in ${perSeconds} s`;
  const because = `rate limit ${limitId}: ${much} have no room`;
  return { code: "rate_limit_exceeded", because };
}

function unitWord(unit: BudgetUnit): string {
  if (unit === BudgetUnit.REQUESTS) return "requests";
  return unit === BudgetUnit.TOKENS ? "tokens" : "pico-USD";
}

function noteOf(
  node: string,
  { provider, model }: ModelEntry,
  rejection: Rejection | undefined,
  item: ModelItem | undefined,
): CandidateNote {
  const scores = item?.scores;
  return {
    provider,
    model,
    rejectedBecause: rejection?.because ?? "",
    rejectedCode: rejection?.code ?? "",
    node,
    quality: scores?.quality ?? 0,
    expectedCostPicoUsd: scores ? BigInt(Math.round(scores.costPicoUsd)) : 0n,
    inBand: scores?.inBand ?? false,
  };
}
