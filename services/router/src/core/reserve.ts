// Credit that is set aside for the time in which the budget service cannot be asked, on budgets that allow it: this router's part of what
// the budget allows. It is asked for at the first request that the budget matches, and cut only while nobody can be asked.
//
// Of one budget it is: not asked for (or given nothing, or called back: for AGAIN_MS) -> asking -> in hand. In hand it is given back and
// asked for anew after it was cut and every REFRESH_MS, so that routers that came meanwhile get their part; but only once the service
// answers.
import { type MakeId, PICO_USD_INT64_MAX, type PicoUsd } from "@waybill/domain";
import { WhenAway } from "@waybill/wire";
import { cutOf, type GrantAsk, type GrantGiven, type HoldCut, type MatchedBudget } from "./credit.ts";
import { type Closing, Grant, type Moment } from "./grant.ts";

/** So long one outage can be bridged at most: the longest life of a grant. */
const LIFE_MS = 3_600_000;
const REFRESH_MS = 300_000;
/** After nothing was given, or all was called back because a request needed it. */
const AGAIN_MS = 10_000;

interface Kept {
  readonly budget: MatchedBudget;
  grant: Grant | undefined;
  asking: { ask: GrantAsk; askedAt: Moment; isPending: boolean; isRecalled: boolean } | undefined;
  /** Not asked for before this. */
  notBeforeMs: number;
  refreshAtMs: number;
}

export class Reserve {
  readonly #holdLifeMs: number;
  readonly #makeId: MakeId;
  readonly #kept = new Map<string, Kept>();
  /** As in Credit: the caller takes them out. */
  readonly asks: GrantAsk[] = [];
  readonly closings: Closing[] = [];

  constructor(holdLifeMs: number, makeId: MakeId) {
    this.#holdLifeMs = holdLifeMs;
    this.#makeId = makeId;
  }

  /** A request matched these budgets: sees to it that there is a reserve of those that allow one. */
  want(budgets: readonly MatchedBudget[], now: Moment): void {
    for (const budget of budgets) if (budget.hard && budget.whenAway === WhenAway.ALLOW) this.#want(budget, now);
  }

  /** Cuts from the reserve of every budget, or from none. `amountOf`: of this much that is left; undefined: that is too little. */
  cut(
    budgets: readonly MatchedBudget[],
    amountOf: (budget: MatchedBudget, restPicoUsd: PicoUsd) => PicoUsd | undefined,
    now: Moment,
  ): HoldCut[] | undefined {
    const cuts: { budget: MatchedBudget; grant: Grant; amount: PicoUsd }[] = [];
    for (const budget of budgets) {
      const grant = this.#kept.get(budget.id)?.grant;
      const amount = grant && amountOf(budget, grant.rest);
      if (!grant || amount === undefined || !grant.canCover(amount, now)) return undefined;
      cuts.push({ budget, grant, amount });
    }
    return cuts.map(({ budget, grant, amount }) => {
      grant.debit(amount);
      return cutOf(budget, grant, amount);
    });
  }

  answered(budgetId: string, given: GrantGiven, now: Moment): void {
    const kept = this.#kept.get(budgetId);
    const asking = kept?.asking;
    if (!kept || asking?.ask.grantId !== given.grantId) return;
    kept.asking = undefined;
    if (given.amountPicoUsd <= 0n) {
      kept.notBeforeMs = now.monotonicMs + AGAIN_MS;
      return;
    }
    const { askedAt, ask } = asking;
    kept.grant = new Grant({ ...given, budgetId, lifeMs: Math.min(given.lifeMs, ask.lifeMs), askedAt });
    kept.refreshAtMs = now.monotonicMs + REFRESH_MS;
    if (asking.isRecalled || kept.grant.lifeLeftMs(now) <= 0) this.#close(kept);
  }

  /** It may have been given: the same ask is repeated. */
  unanswered(budgetId: string, grantId: string, now: Moment): void {
    const kept = this.#kept.get(budgetId);
    if (kept?.asking?.ask.grantId !== grantId) return;
    kept.asking.isPending = false;
    kept.notBeforeMs = now.monotonicMs + AGAIN_MS;
  }

  /** Somebody needs the money now. */
  recall(budgetId: string, now: Moment): void {
    const kept = this.#kept.get(budgetId);
    if (!kept) return;
    kept.notBeforeMs = now.monotonicMs + AGAIN_MS;
    if (kept.asking) kept.asking.isRecalled = true;
    this.#close(kept);
  }

  /** Closes what is over or no longer allowed. `answers`: the service does, so that what is given back can be asked for again. */
  sweep(now: Moment, allows: (budgetId: string) => boolean, answers: boolean): void {
    for (const [budgetId, kept] of this.#kept) {
      const gone = !allows(budgetId);
      const isOver = kept.grant && kept.grant.lifeLeftMs(now) <= 0;
      const isUsed = kept.grant && kept.grant.rest < kept.grant.terms.amountPicoUsd;
      const isDue = isUsed || now.monotonicMs >= kept.refreshAtMs;
      if (gone || isOver || (answers && isDue)) this.#close(kept);
      const isLost = kept.asking && now.monotonicMs - kept.asking.askedAt.monotonicMs > LIFE_MS;
      if (isLost) kept.asking = undefined;
      if (gone && !kept.grant && !kept.asking) this.#kept.delete(budgetId);
    }
  }

  closeAll(): void {
    for (const kept of this.#kept.values()) {
      if (kept.asking) kept.asking.isRecalled = true;
      this.#close(kept);
    }
  }

  #want(budget: MatchedBudget, now: Moment): void {
    let kept = this.#kept.get(budget.id);
    if (!kept) {
      kept = { budget, grant: undefined, asking: undefined, notBeforeMs: 0, refreshAtMs: 0 };
      this.#kept.set(budget.id, kept);
    }
    if (kept.grant || kept.asking?.isPending || now.monotonicMs < kept.notBeforeMs) return;
    if (kept.asking) kept.asking.isPending = true;
    else kept.asking = { ask: this.#askFor(budget), askedAt: now, isPending: true, isRecalled: false };
    this.asks.push(kept.asking.ask);
  }

  #askFor({ id: budgetId, template }: MatchedBudget): GrantAsk {
    const lives = { lifeMs: LIFE_MS, holdLifeMs: this.#holdLifeMs };
    const amounts = { needPicoUsd: 0n, wantPicoUsd: PICO_USD_INT64_MAX };
    return { grantId: this.#makeId(), budgetId, ...amounts, ...lives, isReserve: true, limit: undefined, template };
  }

  #close(kept: Kept): void {
    const { grant } = kept;
    kept.grant = undefined;
    grant?.beginClosing();
    const closing = grant?.takeClosing();
    if (closing) this.closings.push(closing);
  }
}
