// THE STORY: resolve and walk -> filter -> score -> pick -> hold -> explain. Which model serves this request, and is the money
// there? core/choose says what to try in which order; here its money is held, and the outcome becomes an answer and a record.
import { attemptId, type Clock } from "@waybill/domain";
import type {
  DecideRequest,
  DecideResponse,
  Decision,
  DecisionRecord,
  Explanation,
  HoldLine,
  JournaledAttempt,
  NextRequest,
  RateRefusal,
  Timeouts,
} from "@waybill/wire";
import { retryDelayMs } from "./core/attempt-policy.ts";
import {
  coveredByTokens,
  coveredOutputTokens,
  type HoldSize,
  likelyTokens,
  watchedOutputTokens,
} from "./core/bounds.ts";
import type { IndexedBudget } from "./core/budget-index.ts";
import { budgetsToHold } from "./core/budgets-to-hold.ts";
import { askAfter, askFirst, reasonAfter } from "./core/choose/ask.ts";
import { type Choice, type ChooseFrom, type Chosen, choose, type HoldTold, type Wanted } from "./core/choose/choose.ts";
import { explainChoice, explainRefusal, NOTHING_HELD } from "./core/explain.ts";
import { type Itinerary, NOWHERE } from "./core/itinerary.ts";
import { countsMoney } from "./core/limit-budgets.ts";
import { readQuestion } from "./core/question.ts";
import type { IndexedRateLimit } from "./core/rate-hand.ts";
import { resolve } from "./core/resolve.ts";
import { decodeItinerary, encodeItinerary } from "./core/resume-token.ts";
import { sizeOf, tokenizerToCountWith } from "./core/size-hold.ts";
import type { ModelEntry, Snapshot } from "./core/snapshot.ts";
import { effectiveTimeouts } from "./core/timeouts.ts";
import { countInput, RETRY_AFTER_MS, refusalOf, refuse, verdictOf } from "./core/write-refusal.ts";
import { type Case, type Held, NOT_AFTER, UNHELD } from "./decision-case.ts";
import { type HoldOutcome, type HoldWish, holdAtOnce, holdWaiting, waitWithin } from "./hold-money.ts";
import { type LiveState, LiveWorld } from "./live-world.ts";
import { toWireModel } from "./outbound/to-wire-model.ts";
import type { Failpoint, Observations } from "./ports.ts";
import { isOfTarget, type RateKeeper } from "./rate-keeper.ts";

export interface DecideOptions extends LiveState {
  snapshot: Snapshot;
  rates: RateKeeper;
  clock: Clock;
  /** This process incarnation; never used again. */
  holder: string;
  /** Names this router in records. */
  routerId: string;
  timeouts: Timeouts;
  /** How long holds live when no record arrives: the total timeout and a margin. */
  holdLifeMs: number;
  /** The longest wait of a request for the budget service. */
  budgetWaitMs: number;
  /** A clamped answer of fewer tokens than this (per choice) makes no sense. */
  leastOutputTokens: number;
  /** What nearly all answers of this model on this route stay within, in output tokens of one choice; undefined: not known. */
  observedOutputTokens?(route: string, modelId: string): bigint | undefined;
  /** False until the deployed configuration and the live workers are known here. */
  isReady(): boolean;
  /** Takes the record of every decision, refusals too. Must not throw or wait. */
  record(record: DecisionRecord): void;
  observe: Observations;
  failpoint: Failpoint;
}

export class Decide {
  readonly #options: DecideOptions;

  constructor(options: DecideOptions) {
    this.#options = options;
  }

  /** The first attempt of a request. Never throws for anything a request can contain. */
  async decide(request: DecideRequest, deadlineMs: number): Promise<DecideResponse> {
    const startedMs = this.#options.clock.monotonicMs();
    const response = await this.#first(request, deadlineMs, startedMs);
    this.#observed(response, startedMs);
    return response;
  }

  /** The attempt after one that failed before any content reached the client. It is priced and held afresh. */
  async next(next: NextRequest, deadlineMs: number): Promise<DecideResponse> {
    const startedMs = this.#options.clock.monotonicMs();
    const response = await this.#following(next, deadlineMs, startedMs);
    this.#observed(response, startedMs);
    return response;
  }

  #observed(response: DecideResponse, startedMs: number): void {
    const code = response.outcome?.$case === "refusal" ? response.outcome.value.code : "ok";
    this.#options.observe.decided(code, this.#options.clock.monotonicMs() - startedMs);
  }

  #first(request: DecideRequest, deadlineMs: number, startedMs: number): DecideResponse | Promise<DecideResponse> {
    const notReady = this.#notReady();
    if (notReady) return notReady;
    const question = readQuestion(request);
    if (!question) return refuse("internal_error", { message: "The request has no features." });
    const { snapshot } = this.#options;
    const world = new LiveWorld(this.#options, question);
    const begun = {
      ...{ request, question, world, startedMs },
      ...{ attempt: question.keptModel === "" ? 1 : 0, retryDelayMs: 0, after: NOT_AFTER, held: undefined },
      rated: undefined,
    };
    const waitMs = waitWithin(this.#options.budgetWaitMs, deadlineMs);
    const resolution = resolve(question, snapshot, world);
    if ("problem" in resolution) {
      const { problem, detail, param } = resolution;
      const explanation = explainRefusal(question.features.requestedModel, problem, detail);
      this.#record({ ...begun, itinerary: NOWHERE, reason: "", waitMs }, explanation);
      return refuse(problem, { message: detail, param });
    }
    const { itinerary, reason } = resolution;
    return this.#choose({ ...begun, itinerary, reason, waitMs }, askFirst(question, itinerary));
  }

  #following(next: NextRequest, deadlineMs: number, startedMs: number): DecideResponse | Promise<DecideResponse> {
    const notReady = this.#notReady();
    if (notReady) return notReady;
    const { request, failedAttempt, failureCode, retryAfterMs, otherAccount, resumeToken } = next;
    const question = request && readQuestion(request);
    const itinerary = decodeItinerary(Buffer.from(resumeToken).toString("utf8"));
    if (!request || !question || !itinerary) {
      return refuse("internal_error", { message: "The resume token cannot be read." });
    }
    const world = new LiveWorld(this.#options, question);
    world.on(itinerary.route);
    this.#leaveSession(world, itinerary);
    const asked = askAfter(question, itinerary, next, this.#options.snapshot);
    // Nothing is left to try: the failure is the answer.
    if (!asked) return refuse(failureCode, {});
    const retry = asked.retry ?? asked.awaited;
    const open: Case = {
      ...{ request, question, world, itinerary, startedMs },
      attempt: failedAttempt + 1,
      reason: reasonAfter(next),
      waitMs: waitWithin(this.#options.budgetWaitMs, deadlineMs),
      retryDelayMs: retry ? retryDelayMs(retry.policy, retry.tries, next) : 0,
      after: { resumeToken: Buffer.from(resumeToken), failedAttempt, failureCode, retryAfterMs, otherAccount },
      ...{ held: undefined, rated: undefined },
    };
    return this.#choose(open, asked);
  }

  #notReady(): DecideResponse | undefined {
    const { till, isReady } = this.#options;
    if (!isReady()) return refuse("router_unavailable", { retryAfterMs: RETRY_AFTER_MS });
    return till.knowsBudgets ? undefined : refuse("budget_unavailable", { retryAfterMs: RETRY_AFTER_MS });
  }

  #choose(open: Case, asked: ChooseFrom): DecideResponse | Promise<DecideResponse> {
    return this.#converse(open, choose(asked, this.#options.snapshot, open.world), undefined);
  }

  /** Tells the choice how each hold went. Synchronous as long as grants in hand cover it. */
  #converse(
    open: Case,
    choosing: Generator<Wanted, Choice, HoldTold>,
    first: HoldTold | undefined,
  ): DecideResponse | Promise<DecideResponse> {
    if (open.countWith) return countInput(open.countWith);
    let step = first ? choosing.next(first) : choosing.next();
    while (!step.done) {
      const wanted = step.value;
      const rated = this.#rate(open, wanted);
      if (rated === "wait") return this.#waitForRates(open, choosing, wanted);
      const told = rated ?? this.#hold(open, wanted);
      if (!("kind" in told)) return this.#waitForMoney(open, choosing, wanted, told);
      if (open.countWith) return countInput(open.countWith);
      step = choosing.next(told);
    }
    return this.#answer(open, step.value);
  }

  /**
   * Requests are counted once on what is about their caller, and by attempt on what is about a model; tokens and places by attempt. A
   * kept answer asks no model and takes neither tokens nor a place.
   */
  #rate(open: Case, { entry }: Wanted): HoldTold | "wait" | undefined {
    const { rates } = this.#options;
    const { attribution } = open.question;
    const { provider, model } = entry;
    const met = rates.match(attribution, { route: open.itinerary.route, provider, model });
    if (met.length === 0) {
      open.rated = undefined;
      return undefined;
    }
    const isOfAttempts = (limit: IndexedRateLimit): boolean => isOfTarget(limit) || limit.unit !== "requests";
    const limits = met.filter((limit) => (isOfAttempts(limit) ? open.attempt > 0 : open.attempt <= 1));
    const observed = this.#options.observedOutputTokens?.(open.itinerary.route, entry.id);
    open.rated = { limits, met, teamId: attribution.teamId, tokens: likelyTokens(open.question.features, observed) };
    if (limits.length === 0) return undefined;
    const taken = rates.take(open.rated);
    return taken === "wait" ? "wait" : taken && this.#limited(open, entry, taken);
  }

  #limited(open: Case, entry: ModelEntry, rate: RateRefusal): HoldTold {
    open.rated = undefined;
    const told: HoldTold = { kind: "limited", rate };
    open.world.held(verdictOf(entry.id, told, NOTHING_HELD));
    return told;
  }

  async #waitForRates(
    open: Case,
    choosing: Generator<Wanted, Choice, HoldTold>,
    wanted: Wanted,
  ): Promise<DecideResponse> {
    const { rates, clock, observe } = this.#options;
    const startedMs = clock.monotonicMs();
    const refused = open.rated && (await rates.takeWaiting(open.rated, open.waitMs));
    const tookMs = clock.monotonicMs() - startedMs;
    open.waitMs = Math.max(0, open.waitMs - tookMs);
    observe.waitedForBudget(tookMs);
    const told = refused ? this.#limited(open, wanted.entry, refused) : this.#hold(open, wanted);
    if (!("kind" in told)) return this.#waitForMoney(open, choosing, wanted, told);
    return this.#converse(open, choosing, told);
  }

  async #waitForMoney(
    open: Case,
    choosing: Generator<Wanted, Choice, HoldTold>,
    wanted: Wanted,
    wish: HoldWish,
  ): Promise<DecideResponse> {
    const { clock, observe, till } = this.#options;
    const startedMs = clock.monotonicMs();
    const outcome = await holdWaiting(till, wish);
    const tookMs = clock.monotonicMs() - startedMs;
    open.waitMs = Math.max(0, open.waitMs - tookMs);
    observe.waitedForBudget(tookMs);
    return this.#converse(open, choosing, this.#told(open, wanted, wish, outcome));
  }

  /** How the hold went, or the wish that has to wait for the budget service. */
  #hold(open: Case, wanted: Wanted): HoldTold | HoldWish {
    const { entry, item } = wanted;
    open.held = undefined;
    const isKept = open.question.keptModel !== "";
    const budgets = budgetsToHold(open.world.budgetsOf(entry, item.limits), entry.price, isKept);
    if (budgets.length === 0) return { kind: "free" };
    const size = sizeOf(
      this.#options,
      { features: open.question.features, route: open.itinerary.route },
      entry,
      budgets,
    );
    if (!size) {
      open.world.held(verdictOf(entry.id, { kind: "unbounded" }, NOTHING_HELD));
      this.#unrate(open);
      return { kind: "unbounded" };
    }
    const wish = this.#wishOf(open, wanted, budgets, size);
    const outcome = holdAtOnce(this.#options.till, wish);
    return outcome ? this.#told(open, wanted, wish, outcome) : wish;
  }

  #wishOf(open: Case, { entry }: Wanted, budgets: readonly IndexedBudget[], size: HoldSize): HoldWish {
    const { holder, holdLifeMs, observe } = this.#options;
    const { request, question, attempt, itinerary, waitMs } = open;
    const { target, price } = toWireModel(entry);
    const journalAs = (holds: HoldLine[]): JournaledAttempt => ({
      attemptId: attemptId(request.requestId, attempt),
      holder,
      holds,
      holdLifeMs: BigInt(holdLifeMs),
      attribution: question.attribution,
      target,
      price,
      route: itinerary.route,
      routeVersion: itinerary.routeVersion,
    });
    return { budgets, size, journalAs, waitMs, onUnheld: observe.unheld };
  }

  #told(open: Case, { entry, item }: Wanted, { budgets, size }: HoldWish, outcome: HoldOutcome): HoldTold {
    const told = this.#toldOf(open, item.limits, budgets, outcome);
    if (outcome.kind === "held") {
      const { lines, heldPicoUsd } = outcome;
      const byMoney = entry.price ? coveredOutputTokens(size, entry.price, heldPicoUsd) : size.outputTokensMax;
      const byTokens = coveredByTokens(size, outcome.heldTokens);
      let maxOutputTokens = byMoney;
      if (byTokens < byMoney) maxOutputTokens = byTokens;
      const clamped = maxOutputTokens < size.outputTokensMax;
      const figures = { heldPicoUsd, maxOutputTokens, clamped };
      open.held = { budgets, lines, figures, coveredOutputTokens: watchedOutputTokens(size, lines) };
    }
    if (told.kind !== "held") this.#unrate(open);
    if (told.kind === "refused" && told.limitNode === undefined) {
      open.countWith = tokenizerToCountWith(this.#options, open.question.features, entry, told.refusal);
    }
    open.world.held(verdictOf(entry.id, told, open.held?.figures ?? NOTHING_HELD));
    return told;
  }

  /** There was no money for it. */
  #unrate(open: Case): void {
    if (open.rated) this.#options.rates.putBack(open.rated);
    open.rated = undefined;
  }

  /** A refusal by a limit's counter is told apart from one by a budget. */
  #toldOf(open: Case, limits: Wanted["item"]["limits"], budgets: HoldWish["budgets"], outcome: HoldOutcome): HoldTold {
    if (outcome.kind === "held") return { kind: "held" };
    if (outcome.kind === "unavailable") return outcome;
    const { refusal } = outcome;
    const limit = limits.find((use) => open.world.limitBudget(use).id === refusal.budgetId);
    const onExhausted = budgets.find(({ id }) => id === refusal.budgetId)?.onExhausted;
    return { kind: "refused", refusal, limitNode: limit?.node, ...(onExhausted !== undefined && { onExhausted }) };
  }

  #answer(open: Case, choice: Choice): DecideResponse {
    const { outcome } = choice;
    if (outcome.kind === "refused") {
      this.#record(open, explainChoice(open.itinerary, open.reason, choice, NOTHING_HELD));
      return refusalOf(outcome, open.world.shortestPauseMs());
    }
    const held = open.held ?? UNHELD;
    if (held.lines.length > 0) this.#options.failpoint("after_hold_before_answer");
    this.#moveSession(open, outcome, choice);
    this.#record(open, explainChoice(open.itinerary, open.reason, choice, held.figures));
    return { outcome: { $case: "decision", value: this.#decision(open, outcome, choice, held) } };
  }

  #decision(open: Case, { entry, item, itinerary }: Chosen, choice: Choice, held: Held): Decision {
    const { holder, holdLifeMs, timeouts, till, rates } = this.#options;
    const remaining = till.remainingOf(held.budgets.filter(countsMoney));
    const { target, price } = toWireModel(entry);
    return {
      attempt: open.attempt,
      target,
      price,
      route: itinerary.route,
      routeVersion: itinerary.routeVersion,
      path: [...item.path],
      reason: open.reason,
      holds: held.lines,
      holder,
      holdLifeMs: BigInt(holdLifeMs),
      maxOutputTokens: held.figures.maxOutputTokens,
      clamped: held.figures.clamped,
      coveredOutputTokens: held.coveredOutputTokens,
      timeouts: effectiveTimeouts(timeouts, item.policy.timeouts),
      // After a kept answer there is no next.
      resumeToken: open.attempt === 0 ? Buffer.alloc(0) : Buffer.from(encodeItinerary(itinerary)),
      budgetRemainingPicoUsd: remaining === undefined ? "" : remaining.toString(),
      startAfterMs: item.tries > 0 ? open.retryDelayMs : 0,
      mode: item.scores ? choice.mode : "",
      sessionAffinity: choice.affinity,
      ...{ commitMs: item.policy.commitAfter?.ms ?? 0, commitTokens: item.policy.commitAfter?.tokens ?? 0 },
      rateLimits: open.rated ? rates.standings(open.rated.met) : [],
      tellEnd:
        open.rated !== undefined &&
        rates.sent(attemptId(open.request.requestId, open.attempt), open.rated, open.request.ingressId, holdLifeMs),
    };
  }

  #moveSession({ world }: Case, { entry, item }: Chosen, { affinity }: Choice): void {
    const { sessions, clock } = this.#options;
    if (affinity && item.scores) sessions.moved(world.sessionKey(item.node), entry.id, clock.monotonicMs());
  }

  #leaveSession(world: LiveWorld, { items, at }: Itinerary): void {
    const failed = items[at];
    if (failed?.kind === "model" && failed.scores)
      this.#options.sessions.left(world.sessionKey(failed.node), failed.id);
  }

  #record({ request, attempt, world, after, startedMs }: Case, explanation: Explanation): void {
    const { routerId, clock, record } = this.#options;
    record({
      requestId: request.requestId,
      attempt,
      decidedAtMs: BigInt(world.atMs),
      routerId,
      attribution: request.attribution,
      inputs: world.inputs(after),
      explanation,
      tookUs: Math.round((clock.monotonicMs() - startedMs) * 1_000),
    });
  }
}
