// THE STORY: resolve and walk -> filter -> pick -> hold -> explain. Which model serves this request, and is the money there?
// A route's own order is the score until nodes without an order (`auto`) exist: they rank between filter and pick.
import { attemptId, type Clock, ERRORS } from "@waybill/domain";
import {
  type Attribution,
  type BudgetRefusal,
  type Candidate,
  type DecideRequest,
  type DecideResponse,
  type Decision,
  type Features,
  type HoldLine,
  type JournaledAttempt,
  type NextRequest,
  Refusal,
  type Timeouts,
} from "@waybill/wire";
import { allowedBy } from "./core/allowed.ts";
import { coveredOutputTokens, type HoldSize, holdSize, isFree } from "./core/bounds.ts";
import type { IndexedBudget } from "./core/budget-index.ts";
import { type Rejection, reject, speakingRejection } from "./core/choose/filter.ts";
import type { LiveModels } from "./core/live-models.ts";
import { type CandidateModel, resolve } from "./core/resolve.ts";
import { decodeResume, encodeResume, nextCandidates, type Resume, tried } from "./core/resume.ts";
import type { ModelEntry, Snapshot } from "./core/snapshot.ts";
import { type HoldOutcome, type HoldWish, holdAtOnce, holdWaiting } from "./hold-money.ts";
import { factsOf } from "./inbound/facts.ts";
import { toWireModel } from "./outbound/to-wire-model.ts";
import type { Failpoint, Observations } from "./ports.ts";
import type { Till } from "./till.ts";

export interface DecideOptions {
  snapshot: Snapshot;
  live: LiveModels;
  till: Till;
  clock: Clock;
  /** This process incarnation; never used again. */
  holder: string;
  timeouts: Timeouts;
  /** How long holds live when no record arrives: the total timeout and a margin. */
  holdLifeMs: number;
  /** The longest wait of a request for the budget service. */
  budgetWaitMs: number;
  /** A clamped answer of fewer tokens than this (per choice) makes no sense. */
  leastOutputTokens: number;
  /** False until the deployed configuration and the live workers are known here. */
  isReady(): boolean;
  observe: Observations;
  failpoint: Failpoint;
}

const RETRY_AFTER_MS = 1_000;
/** What is left of the asker's deadline for the way back. */
const RETURN_MS = 20;

/** What a decision begins with. */
interface Begun {
  request: DecideRequest;
  features: Features;
  attribution: Attribution;
  attempt: number;
  resume: Resume;
  reason: string;
}

/** One decision under way. */
interface Case extends Begun {
  /** Considered so far, for the explanation. */
  considered: Candidate[];
  rejections: Rejection[];
  budgetRefusal: BudgetRefusal | undefined;
  waitMs: number;
}

export class Decide {
  readonly #options: DecideOptions;

  constructor(options: DecideOptions) {
    this.#options = options;
  }

  /** The first attempt of a request. Never throws for anything a request can contain. */
  async decide(request: DecideRequest, deadlineMs: number): Promise<DecideResponse> {
    const startedMs = this.#options.clock.monotonicMs();
    const response = await this.#first(request, deadlineMs);
    this.#observed(response, startedMs);
    return response;
  }

  /** The attempt after one that failed before any content reached the client. It is priced and held afresh. */
  async next(next: NextRequest, deadlineMs: number): Promise<DecideResponse> {
    const startedMs = this.#options.clock.monotonicMs();
    const response = await this.#following(next, deadlineMs);
    this.#observed(response, startedMs);
    return response;
  }

  #observed(response: DecideResponse, startedMs: number): void {
    const code = response.outcome?.$case === "refusal" ? response.outcome.value.code : "ok";
    this.#options.observe.decided(code, this.#options.clock.monotonicMs() - startedMs);
  }

  #first(request: DecideRequest, deadlineMs: number): DecideResponse | Promise<DecideResponse> {
    const notReady = this.#notReady();
    if (notReady) return notReady;
    const { features, attribution } = request;
    if (!features || !attribution) return refuse("internal_error", { message: "The request has no features." });
    const resolution = resolve(features.requestedModel, request.allowedModels, this.#options.snapshot, () =>
      factsOf(features, attribution),
    );
    if ("problem" in resolution) return refuse(resolution.problem, { message: resolution.detail, param: "model" });
    const { route, routeVersion, candidates, reason } = resolution;
    const resume: Resume = {
      route,
      routeVersion,
      candidates: candidates.map(({ entry, path }) => ({ id: entry.id, path, tries: 0 })),
    };
    return this.#choose(
      this.#open({ request, features, attribution, attempt: 1, resume, reason }, deadlineMs),
      candidates,
    );
  }

  #following(next: NextRequest, deadlineMs: number): DecideResponse | Promise<DecideResponse> {
    const notReady = this.#notReady();
    if (notReady) return notReady;
    const { request, failedAttempt, failureCode } = next;
    const resume = decodeResume(Buffer.from(next.resumeToken).toString("utf8"));
    if (!request?.features || !request.attribution || !resume) {
      return refuse("internal_error", { message: "The resume token cannot be read." });
    }
    const { snapshot } = this.#options;
    const allowed = allowedBy(request.allowedModels, snapshot);
    const isRouteAllowed = resume.route !== "" && allowed.route(resume.route);
    const candidates: CandidateModel[] = [];
    for (const { id, path } of nextCandidates(resume, failedAttempt, failureCode)) {
      const entry = snapshot.model(id);
      if (entry) candidates.push({ entry, path, isAllowed: isRouteAllowed || allowed.model(id) });
    }
    // Nothing is left to try: the failure is the answer.
    if (candidates.length === 0) return refuse(failureCode, {});
    const { features, attribution } = request;
    const reason = `after ${failureCode} of attempt ${failedAttempt}`;
    const attempt = failedAttempt + 1;
    return this.#choose(
      this.#open({ request, features, attribution, attempt, resume, reason }, deadlineMs),
      candidates,
    );
  }

  #notReady(): DecideResponse | undefined {
    const { till, isReady } = this.#options;
    if (!isReady()) return refuse("router_unavailable", { retryAfterMs: RETRY_AFTER_MS });
    if (!till.knowsBudgets) return refuse("budget_unavailable", { retryAfterMs: RETRY_AFTER_MS });
    return undefined;
  }

  #open(begun: Begun, deadlineMs: number): Case {
    const { budgetWaitMs } = this.#options;
    const waitMs = deadlineMs === 0 ? budgetWaitMs : Math.min(budgetWaitMs, deadlineMs - RETURN_MS);
    return { ...begun, considered: [], rejections: [], budgetRefusal: undefined, waitMs };
  }

  /** The first candidate that can serve and whose money is there. Synchronous as long as grants in hand cover it. */
  #choose(open: Case, candidates: readonly CandidateModel[], from = 0): DecideResponse | Promise<DecideResponse> {
    for (let index = from; index < candidates.length; index += 1) {
      const candidate = candidates[index];
      if (!candidate) break;
      const { entry } = candidate;
      const budgets = this.#budgetsOf(open, entry);
      const rejection = this.#filter(open, candidate, budgets);
      if (rejection) {
        rejectCandidate(open, entry, rejection);
        continue;
      }
      const size = this.#sizeOf(open, entry, budgets);
      if (size === "unbounded") {
        rejectCandidate(open, entry, { code: "hold_unbounded", because: "its cost cannot be bounded" });
        continue;
      }
      if (size === "none") return this.#decided(open, candidate, budgets, undefined, [], 0n);
      const wish = this.#wishOf(open, entry, budgets, size);
      const held = holdAtOnce(this.#options.till, wish);
      if (!held) return this.#waitForMoney(open, candidates, index, budgets, wish);
      const response = this.#afterHold(open, candidate, budgets, size, held);
      if (response) return response;
    }
    return this.#refused(open);
  }

  async #waitForMoney(
    open: Case,
    candidates: readonly CandidateModel[],
    index: number,
    budgets: readonly IndexedBudget[],
    wish: HoldWish,
  ): Promise<DecideResponse> {
    const { clock, observe, till } = this.#options;
    const startedMs = clock.monotonicMs();
    const held = await holdWaiting(till, wish);
    const tookMs = clock.monotonicMs() - startedMs;
    open.waitMs = Math.max(0, open.waitMs - tookMs);
    observe.waitedForBudget(tookMs);
    const candidate = candidates[index];
    const response = candidate && this.#afterHold(open, candidate, budgets, wish.size, held);
    return response ?? this.#choose(open, candidates, index + 1);
  }

  /** Undefined: this candidate cannot be afforded; the next one may be. */
  #afterHold(
    open: Case,
    candidate: CandidateModel,
    budgets: readonly IndexedBudget[],
    size: HoldSize,
    held: HoldOutcome,
  ): DecideResponse | undefined {
    if (held.kind === "held") return this.#decided(open, candidate, budgets, size, held.lines, held.heldPicoUsd);
    if (held.kind === "unavailable") {
      return refuse("budget_unavailable", { retryAfterMs: RETRY_AFTER_MS, candidates: open.considered });
    }
    const { refusal } = held;
    open.budgetRefusal ??= refusal;
    const because = `budget ${refusal.budgetName}: needs ${refusal.neededPicoUsd}, left ${refusal.leftPicoUsd} pico-USD`;
    rejectCandidate(open, candidate.entry, { code: "budget_exceeded", because });
    return undefined;
  }

  #budgetsOf({ attribution, resume }: Case, { provider, model }: ModelEntry): IndexedBudget[] {
    return this.#options.till.match(attribution, { route: resume.route, provider, model });
  }

  #filter({ features }: Case, { entry, isAllowed }: CandidateModel, budgets: readonly IndexedBudget[]) {
    const isLive = this.#options.live.isLive(entry.id, this.#options.clock.monotonicMs());
    return reject(entry, features, { isAllowed, isLive, hasHardBudget: budgets.some(({ hard }) => hard) });
  }

  /** `none`: nothing has to be held, because no budget matches or nothing is known to cost anything. */
  #sizeOf({ features }: Case, entry: ModelEntry, budgets: readonly IndexedBudget[]): HoldSize | "none" | "unbounded" {
    if (budgets.length === 0 || !entry.price || isFree(entry.price)) return "none";
    const size = holdSize(features, entry, entry.price, BigInt(this.#options.leastOutputTokens));
    if (!size) return budgets.some(({ hard }) => hard) ? "unbounded" : "none";
    return size;
  }

  #wishOf(open: Case, entry: ModelEntry, budgets: readonly IndexedBudget[], size: HoldSize): HoldWish {
    const { holder, holdLifeMs, observe } = this.#options;
    const { request, attribution, attempt, resume, waitMs } = open;
    const { target, price } = toWireModel(entry);
    const journalAs = (holds: HoldLine[]): JournaledAttempt => ({
      attemptId: attemptId(request.requestId, attempt),
      holder,
      holds,
      holdLifeMs: BigInt(holdLifeMs),
      attribution,
      target,
      price,
      route: resume.route,
      routeVersion: resume.routeVersion,
    });
    return { budgets, size, journalAs, waitMs, onUnheld: observe.unheld };
  }

  #decided(
    open: Case,
    { entry, path }: CandidateModel,
    budgets: readonly IndexedBudget[],
    size: HoldSize | undefined,
    holds: HoldLine[],
    heldPicoUsd: bigint,
  ): DecideResponse {
    const { holder, holdLifeMs, timeouts, till, failpoint } = this.#options;
    if (holds.length > 0) failpoint("after_hold_before_answer");
    const { resume, attempt, reason, considered } = open;
    const maxOutputTokens = size && entry.price ? coveredOutputTokens(size, entry.price, heldPicoUsd) : 0n;
    const remaining = budgets.length === 0 ? undefined : till.remainingOf(budgets);
    considered.push({ provider: entry.provider, model: entry.model, rejectedBecause: "" });
    const { target, price } = toWireModel(entry);
    const decision: Decision = {
      attempt,
      target,
      price,
      route: resume.route,
      routeVersion: resume.routeVersion,
      path: [...path],
      reason,
      holds,
      holder,
      holdLifeMs: BigInt(holdLifeMs),
      maxOutputTokens,
      clamped: size !== undefined && maxOutputTokens < size.outputTokensMax,
      timeouts,
      resumeToken: Buffer.from(encodeResume(tried(resume, entry.id))),
      candidates: considered,
      budgetRemainingPicoUsd: remaining === undefined ? "" : remaining.toString(),
    };
    return { outcome: { $case: "decision", value: decision } };
  }

  /** Every candidate was rejected: the refusal says the reason that may be over soonest, and lists them all. */
  #refused({ rejections, considered, budgetRefusal }: Case): DecideResponse {
    const { code, because } = speakingRejection(rejections);
    return refuse(code, {
      candidates: considered,
      ...(code === "no_workers" && { retryAfterMs: RETRY_AFTER_MS }),
      ...(code === "budget_exceeded" && { budget: budgetRefusal }),
      ...(code === "invalid_value" && { message: `The model ${because}.`, param: "model" }),
      ...(code === "hold_unbounded" && { message: `${ERRORS.hold_unbounded.sentence} The reason: ${because}.` }),
    });
  }
}

function rejectCandidate(open: Case, { provider, model }: ModelEntry, rejection: Rejection): void {
  open.rejections.push(rejection);
  open.considered.push({ provider, model, rejectedBecause: rejection.because });
}

function refuse(code: string, details: Partial<Omit<Refusal, "code">>): DecideResponse {
  const refusal = { ...Refusal.create({}), ...details, code };
  return { outcome: { $case: "refusal", value: refusal } };
}
