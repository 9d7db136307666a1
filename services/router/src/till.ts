// The till: the credit held by this process with everything that keeps it filled and accounted for. It sends the asks that
// core/credit.ts makes, journals every hold and every closing in order, and ends grants whose life is over.
import type { Clock, MakeId } from "@waybill/domain";
import { type BudgetFacts, type JournaledAttempt, type LimitDefinition, WhenAway } from "@waybill/wire";
import { BudgetIndex, type IndexedBudget, type ScopeFacts, type ScopeTarget } from "./core/budget-index.ts";
import { BudgetPace } from "./core/budget-pace.ts";
import {
  type AmountOf,
  Credit,
  type CreditSettings,
  type GrantAsk,
  type HoldCut,
  type MatchedBudget,
  type PlacementEnd,
} from "./core/credit.ts";
import type { Moment } from "./core/grant.ts";
import { JournalQueue } from "./core/journal-queue.ts";
import { LimitBudgets } from "./core/limit-budgets.ts";
import { Remaining, type StandingFigures } from "./core/remaining.ts";
import { Reserve } from "./core/reserve.ts";
import { TemplateBudgets } from "./core/template-budgets.ts";
import type { BudgetService, Failpoint } from "./ports.ts";
import { atMost } from "./rate-keeper.ts";

/** How long lines may wait for company; with the commit they are at most 100 ms behind. */
const FLUSH_MS = 75;
/** Grants are looked through for ended lives this often. */
const SWEEP_MS = 250;
/** Renewals do not hold up any request; a first ask is also bounded by its request's own wait. */
const ASK_DEADLINE_MS = 2_000;
const JOURNAL_DEADLINE_MS = 5_000;
/** About 1 MiB of lines: well inside the largest message. */
const JOURNAL_BATCH_MAX = 500;
/** A minute of journaling at full load; beyond it nothing is held any more, so nothing is ever dropped. */
const JOURNAL_LINES_MAX = 200_000;

/** The budget service answers when it did so within this time: what is given back then comes again. */
const ANSWERS_MS = 2_000;
/** So long its silence is taken for granted before somebody tries again. */
const SILENT_MS = 1_000;

export interface TillOptions {
  budgetService: BudgetService;
  clock: Clock;
  makeId: MakeId;
  /** A text as hex of SHA-256. */
  hash(text: string): string;
  settings: CreditSettings;
  failpoint: Failpoint;
}

export class Till {
  readonly #options: TillOptions;
  readonly #credit: Credit;
  readonly #reserve: Reserve;
  readonly #journal = new JournalQueue<JournaledAttempt>(JOURNAL_LINES_MAX, JOURNAL_BATCH_MAX);
  readonly #remaining = new Remaining();
  readonly #pace = new BudgetPace();
  readonly #limits: LimitBudgets;
  readonly #templates: TemplateBudgets;
  readonly #outstanding = new Map<string, Promise<void>>();
  readonly #timers: NodeJS.Timeout[];
  #budgets: BudgetIndex | undefined;
  /** When the budget service last committed something for this process, and when it last did not answer. */
  #answeredMs = Number.NEGATIVE_INFINITY;
  #unansweredMs = Number.NEGATIVE_INFINITY;

  constructor(options: TillOptions) {
    this.#options = options;
    this.#credit = new Credit(options.settings, options.makeId);
    this.#reserve = new Reserve(options.settings.holdLifeMs, options.makeId);
    this.#limits = new LimitBudgets(options.hash);
    this.#templates = new TemplateBudgets(options.hash);
    this.#timers = [setInterval(() => void this.#flush(), FLUSH_MS), setInterval(() => this.#sweep(), SWEEP_MS)];
  }

  /** False until the budget service has told its budgets once: before that nobody knows which apply. */
  get knowsBudgets(): boolean {
    return this.#budgets !== undefined;
  }

  get canJournal(): boolean {
    return this.#journal.hasRoom;
  }

  get journalLines(): number {
    return this.#journal.length;
  }

  get isServiceOpen(): boolean {
    return this.#options.budgetService.isOpen;
  }

  setBudgets(budgets: readonly IndexedBudget[]): void {
    const index = new BudgetIndex(budgets);
    this.#budgets = index;
    const isKnown = (id: string): boolean => index.has(id) || this.#templates.has(id);
    this.#remaining.forget(isKnown);
    this.#pace.forget(isKnown);
    this.#sweep();
  }

  setStanding(budgetId: string, figures: StandingFigures): void {
    this.#remaining.told(budgetId, figures);
    this.#pace.told(budgetId, figures, this.#options.clock.monotonicMs());
  }

  match(facts: ScopeFacts, target: ScopeTarget): IndexedBudget[] {
    const matched = this.#budgets?.match(facts, target) ?? [];
    const counted = this.#templates.countedBy(matched, facts, this.#options.clock.monotonicMs());
    if (counted.some(({ whenAway }) => whenAway === WhenAway.ALLOW)) this.#reserve.want(counted, this.#now());
    return counted;
  }

  /** The counter of a limit node, as a budget that a hold can be cut from. */
  limitBudget(definition: LimitDefinition): IndexedBudget {
    return this.#limits.budgetOf(definition, this.#options.clock.monotonicMs());
  }

  /** The tightest of these budgets, as conditions and records see it; undefined: nothing is known of any. */
  factsOf(budgets: readonly IndexedBudget[]): BudgetFacts | undefined {
    return this.#pace.tightest(budgets, this.#options.clock.monotonicMs());
  }

  /** The usual case: a hold from grants in hand, journaled soon, with no call. Undefined: some budget has no credit for it. */
  cut(
    budgets: readonly MatchedBudget[],
    amountOf: AmountOf,
    journalAs: (cut: HoldCut[]) => JournaledAttempt,
  ): HoldCut[] | undefined {
    const cut = this.#credit.cut(budgets, amountOf, this.#now());
    if (cut) this.#journal.pushAttempt(journalAs(cut));
    this.#pump();
    return cut;
  }

  /** Asks for credit where it is missing and can be had; says whether an answer came that may have changed something. */
  async fillFor(budgets: readonly MatchedBudget[], amountOf: AmountOf, waitMs: number): Promise<boolean> {
    const waitFor = this.#credit.askForMissing(budgets, amountOf, this.#now());
    this.#pump();
    const answers = waitFor.flatMap((id) => this.#outstanding.get(id) ?? []);
    if (answers.length === 0) return false;
    await atMost(Promise.all(answers), waitMs);
    return true;
  }

  cutForPlacement(budgets: readonly MatchedBudget[], amountOf: AmountOf): { cut: HoldCut[]; missing: MatchedBudget[] } {
    const split = this.#credit.cutForPlacement(budgets, amountOf, this.#now());
    this.#pump();
    return split;
  }

  /** Whether a question to the budget service was answered. */
  heard(isAnswered: boolean): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (isAnswered) this.#answeredMs = nowMs;
    else this.#unansweredMs = nowMs;
  }

  /** The budget service left the last question unanswered, a moment ago: the next one need not wait as long to know it. */
  get isSilent(): boolean {
    const silentMs = this.#options.clock.monotonicMs() - this.#unansweredMs;
    return this.#unansweredMs > this.#answeredMs && silentMs < SILENT_MS;
  }

  /** While the budget service cannot be asked: cut from what it set aside. Undefined: some budget has no reserve that covers it. */
  cutFromReserve(
    budgets: readonly MatchedBudget[],
    amountOf: (budget: MatchedBudget, restPicoUsd: bigint) => bigint | undefined,
  ): HoldCut[] | undefined {
    return this.#reserve.cut(budgets, amountOf, this.#now());
  }

  /** `journal`: the attempt with its cut lines, where the placement itself did not journal them for certain. */
  placementEnded(cut: readonly HoldCut[], end: PlacementEnd, journal?: JournaledAttempt): void {
    if (journal) this.#journal.pushAttempt(journal);
    this.#credit.placementEnded(cut, end);
    this.#pump();
  }

  /** An exact hold got no answer, and nothing will be sent under it: where it was placed, it is given back soon. */
  goWithout({ attemptId, holder }: JournaledAttempt): void {
    this.#journal.pushWithdrawal({ attemptId, holder });
    void this.#flush();
  }

  placedExactly(budgetId: string, amount: bigint): void {
    this.#remaining.placed(budgetId, amount);
  }

  /** Journals attempts of other holders, as an ingress reports them. */
  journalReported(attempts: readonly JournaledAttempt[]): void {
    for (const attempt of attempts) this.#journal.pushAttempt(attempt);
  }

  /** The budget service calls credit back: what is in hand of this budget returns at once. */
  recall(budgetId: string): void {
    this.#credit.recall(budgetId, this.#now());
    this.#reserve.recall(budgetId, this.#now());
    this.#pump();
    void this.#flush();
  }

  /** What is left of the tightest of these budgets, what is in hand here included. */
  remainingOf(budgets: readonly { id: string }[]): bigint | undefined {
    return this.#remaining.tightest(budgets, (id) => this.#credit.restInHand(id));
  }

  inHand(): Iterable<{ budgetId: string; restPicoUsd: bigint }> {
    return this.#credit.inHand();
  }

  get budgetService(): BudgetService {
    return this.#options.budgetService;
  }

  /** Gives everything back and waits until the journal says so, at most `limitMs`. Returns the lines that are left. */
  async stop(limitMs: number): Promise<number> {
    const endsAtMs = this.#options.clock.monotonicMs() + limitMs;
    this.#credit.closeAll();
    this.#reserve.closeAll();
    await atMost(Promise.all(this.#outstanding.values()), Math.min(limitMs, ASK_DEADLINE_MS));
    this.#pump();
    while (this.#journal.length > 0 && this.#options.clock.monotonicMs() < endsAtMs) {
      await this.#flush();
      if (this.#journal.length > 0) await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
    for (const timer of this.#timers) clearInterval(timer);
    return this.#journal.length;
  }

  #now(): Moment {
    const { clock } = this.#options;
    return { monotonicMs: clock.monotonicMs(), unixMs: clock.unixMs() };
  }

  #sweep(): void {
    const budgets = this.#budgets;
    if (!budgets) return;
    const now = this.#now();
    this.#limits.sweep(now.monotonicMs);
    this.#templates.sweep(now.monotonicMs);
    this.#credit.sweep(now, (id) => budgets.has(id) || this.#limits.has(id) || this.#templates.has(id));
    const answers = now.monotonicMs - this.#answeredMs < ANSWERS_MS;
    this.#reserve.sweep(now, (id) => budgets.has(id) || this.#templates.has(id), answers);
    this.#pump();
  }

  /** Carries out what the credit asked for. Closings go behind every line pushed before. */
  #pump(): void {
    for (const closing of this.#credit.closings.splice(0)) this.#journal.pushClosing(closing);
    for (const closing of this.#reserve.closings.splice(0)) this.#journal.pushClosing(closing);
    for (const ask of this.#credit.asks.splice(0)) {
      const answer = this.#ask(ask).then((outcome) => {
        this.#outstanding.delete(ask.budgetId);
        if (outcome.kind === "given") this.#credit.answered(ask.budgetId, outcome.given, this.#now());
        else this.#credit.unanswered(ask.budgetId, ask.grantId, outcome.sent);
        this.#pump();
      });
      this.#outstanding.set(ask.budgetId, answer);
    }
    // Nobody waits for these.
    for (const ask of this.#reserve.asks.splice(0)) {
      void this.#ask(ask).then((outcome) => {
        if (outcome.kind === "given") this.#reserve.answered(ask.budgetId, outcome.given, this.#now());
        else this.#reserve.unanswered(ask.budgetId, ask.grantId, this.#now());
        this.#pump();
      });
    }
  }

  async #ask(ask: GrantAsk): ReturnType<BudgetService["askGrant"]> {
    const outcome = await this.#options.budgetService.askGrant(ask, ASK_DEADLINE_MS);
    this.heard(outcome.kind === "given");
    return outcome;
  }

  async #flush(): Promise<void> {
    for (;;) {
      if (!this.#options.budgetService.isOpen) return;
      const batch = this.#journal.take();
      if (!batch) return;
      this.#options.failpoint("before_journal");
      if (!(await this.#options.budgetService.journal(batch, JOURNAL_DEADLINE_MS))) {
        this.#journal.failed();
        return;
      }
      this.#journal.acknowledged();
      this.heard(true);
    }
  }
}
