// Credit held here, per budget: cut a hold, ask for more in time, switch to exact holds near a limit, give back.
//
// A budget here is in one of these modes:
// - cold: no grant, nothing asked. The first request asks and waits for one answer.
// - covered: an open grant covers the request; the hold is cut at once, with no call.
// - asking: one ask is outstanding (a first one, or a renewal at half while covered). Every request that lacks credit shares it.
//   An ask that got no answer is repeated under the same grant id, because it may have been granted; its life still counts
//   from before it was first asked.
// - near: the budget service gave nothing (or called credit back) a moment ago: exact holds for NEAR_MS, then cold again.
//
// All-or-none: a request's hold is cut from the grants of all its budgets or from none. Everything here is synchronous, so
// two requests never see the same credit. What must be said to the budget service is collected in `asks` and `closings`.
import { type MakeId, maxPicoUsd, minPicoUsd, PICO_USD_INT64_MAX, type PicoUsd } from "@waybill/domain";
import type { BudgetUnit, Exhaustion, LimitDefinition, WhenAway } from "@waybill/wire";
import { Burn } from "./burn.ts";
import { type Closing, Grant, type Moment } from "./grant.ts";

export interface CreditSettings {
  /** How long holds may be cut from a grant. */
  grantLifeMs: number;
  /** The longest life of a hold, counted from the grant's own end. */
  holdLifeMs: number;
}

/** What a request needs of one budget. */
export interface MatchedBudget {
  id: string;
  hard: boolean;
  /** What its amounts count; the names of the fields say pico-USD, which nearly all of them are. */
  unit: BudgetUnit;
  /** What a request meets that does not fit, or that cannot ask; absent: it is refused. */
  onExhausted?: Exhaustion;
  whenAway?: WhenAway;
  /** Set for a limit node's counter, which the budget service makes at first use. */
  limit?: LimitDefinition;
  /** Set for a template's counter, made at first use as well. */
  template?: TemplateCounter;
}

export interface TemplateCounter {
  templateId: string;
  value: string;
}

/** What one request needs of a budget, in the budget's unit. */
export type AmountOf = (budget: MatchedBudget) => bigint;

/** One budget's part of a hold. */
export interface HoldCut {
  budgetId: string;
  windowId: bigint;
  grantId: string;
  amountPicoUsd: PicoUsd;
  hard: boolean;
  unit: BudgetUnit;
}

export interface GrantAsk {
  grantId: string;
  budgetId: string;
  needPicoUsd: PicoUsd;
  wantPicoUsd: PicoUsd;
  lifeMs: number;
  holdLifeMs: number;
  /** Of a reserve: see core/reserve.ts. */
  isReserve?: boolean;
  limit?: LimitDefinition | undefined;
  template?: TemplateCounter | undefined;
}

/** The budget service's answer to an ask. */
export interface GrantGiven {
  grantId: string;
  /** 0: near the limit. */
  amountPicoUsd: PicoUsd;
  windowId: bigint;
  lifeMs: number;
}

/** How an exact placement ended for the lines that had been cut for it. */
export type PlacementEnd = "placed" | "refused" | "unknown";

/** A grant should last this long at the present burn. */
const BURN_SECONDS = 5n;
/** After an answer of nothing: how long exact holds are placed before credit is asked for again. */
export const NEAR_MS = 1_000;
/** One in use and its successor. */
const GRANTS_PER_BUDGET_MAX = 2;
/** A grant in use is renewed when this part of its life is left. */
const RENEW_AT_LIFE_PART = 0.25;

interface Asking {
  readonly ask: GrantAsk;
  readonly askedAt: Moment;
  /** True while an answer may come; false when the ask must be repeated. */
  isPending: boolean;
  /** It reached the budget service at least once, so it may have been granted. */
  wasSent: boolean;
  /** Called back before it was answered: what it brings is closed at once. */
  isRecalled: boolean;
}

interface BudgetCredit {
  readonly budgetId: string;
  /** Oldest first. */
  grants: Grant[];
  asking: Asking | undefined;
  /** What requests without credit wanted since the last answer. */
  waitingPicoUsd: PicoUsd;
  nearUntilMs: number;
  /** While near: the least amount for which there was nothing; smaller ones may still ask. */
  nearFromPicoUsd: PicoUsd;
  readonly burn: Burn;
}

export class Credit {
  readonly #settings: CreditSettings;
  readonly #makeId: MakeId;
  readonly #budgets = new Map<string, BudgetCredit>();
  readonly #byGrant = new Map<string, Grant>();
  /** Asks to be sent; the caller takes them out. */
  readonly asks: GrantAsk[] = [];
  /** Closings to be journaled, after every line cut so far; the caller takes them out. */
  readonly closings: Closing[] = [];

  constructor(settings: CreditSettings, makeId: MakeId) {
    this.#settings = settings;
    this.#makeId = makeId;
  }

  /** Cuts what is needed from a grant of every budget, or from none and returns undefined. */
  cut(budgets: readonly MatchedBudget[], amountOf: AmountOf, now: Moment): HoldCut[] | undefined {
    const found: Grant[] = [];
    for (const budget of budgets) {
      const grant = this.#covering(this.#creditOf(budget.id), amountOf(budget), now);
      if (!grant) return undefined;
      found.push(grant);
    }
    return budgets.map((budget, index) => {
      const grant = found[index];
      if (!grant) throw new Error("a grant that was found is missing");
      const amount = amountOf(budget);
      grant.debit(amount);
      this.#debited(budget, amount, now);
      return cutOf(budget, grant, amount);
    });
  }

  /** Cuts where a grant covers the amount, for an exact placement of the rest; say how that ended with placementEnded. */
  cutForPlacement(
    budgets: readonly MatchedBudget[],
    amountOf: AmountOf,
    now: Moment,
  ): { cut: HoldCut[]; missing: MatchedBudget[] } {
    const cut: HoldCut[] = [];
    const missing: MatchedBudget[] = [];
    for (const budget of budgets) {
      const amount = amountOf(budget);
      const credit = this.#creditOf(budget.id);
      const grant = this.#covering(credit, amount, now);
      if (grant) {
        grant.debitUnderWay(amount);
        this.#debited(budget, amount, now);
        cut.push(cutOf(budget, grant, amount));
      } else {
        credit.burn.add(amount, now.monotonicMs);
        missing.push(budget);
      }
    }
    return { cut, missing };
  }

  /** `refused`: certainly nothing was placed, so the lines return. Otherwise they are journaled, or will be by the caller. */
  placementEnded(cut: readonly HoldCut[], end: PlacementEnd): void {
    for (const { grantId, amountPicoUsd } of cut) {
      const grant = this.#byGrant.get(grantId);
      if (!grant) throw new Error("a grant with a placement under way is gone");
      grant.placed(amountPicoUsd, end === "refused");
      this.#takeClosing(grant);
    }
  }

  /**
   * The budgets whose answer is worth waiting for: without credit for the amount and not near. Makes the asks that are
   * not outstanding yet.
   */
  askForMissing(budgets: readonly MatchedBudget[], amountOf: AmountOf, now: Moment): string[] {
    const waitFor: string[] = [];
    for (const budget of budgets) {
      const amount = amountOf(budget);
      const credit = this.#creditOf(budget.id);
      if (this.#covering(credit, amount, now) || isNear(credit, amount, now)) continue;
      credit.waitingPicoUsd += amount;
      this.#ask(credit, amount, now, budget);
      waitFor.push(budget.id);
    }
    return waitFor;
  }

  /** An answer. A grant whose life is already over, or that was called back meanwhile, is closed at once. */
  answered(budgetId: string, given: GrantGiven, now: Moment): void {
    const credit = this.#budgets.get(budgetId);
    const asking = credit?.asking;
    if (!credit || !asking || asking.ask.grantId !== given.grantId) return;
    credit.asking = undefined;
    credit.waitingPicoUsd = 0n;
    if (given.amountPicoUsd <= 0n) {
      const stillNear = now.monotonicMs < credit.nearUntilMs;
      const need = asking.ask.needPicoUsd;
      credit.nearFromPicoUsd = stillNear ? minPicoUsd(credit.nearFromPicoUsd, need) : need;
      credit.nearUntilMs = now.monotonicMs + NEAR_MS;
      return;
    }
    const grant = new Grant({
      grantId: given.grantId,
      budgetId,
      windowId: given.windowId,
      amountPicoUsd: given.amountPicoUsd,
      lifeMs: Math.min(given.lifeMs, asking.ask.lifeMs),
      askedAt: asking.askedAt,
    });
    credit.grants.push(grant);
    this.#byGrant.set(given.grantId, grant);
    if (asking.isRecalled || grant.lifeLeftMs(now) <= 0) this.#close(credit, grant);
  }

  /** No answer. `sent`: it may have been granted, so the same ask is repeated when credit is next needed. */
  unanswered(budgetId: string, grantId: string, sent: boolean): void {
    const credit = this.#budgets.get(budgetId);
    if (credit?.asking?.ask.grantId !== grantId) return;
    credit.waitingPicoUsd = 0n;
    credit.asking.isPending = false;
    credit.asking.wasSent ||= sent;
    if (!credit.asking.wasSent) credit.asking = undefined;
  }

  /** Credit on this budget is called back: every grant closes, and exact holds are placed for a moment. */
  recall(budgetId: string, now: Moment): void {
    const credit = this.#budgets.get(budgetId);
    if (!credit) return;
    credit.nearUntilMs = now.monotonicMs + NEAR_MS;
    credit.nearFromPicoUsd = 0n;
    const { asking } = credit;
    if (asking) asking.isRecalled = true;
    // An ask that got no answer may have been granted: only its answer can be given back.
    if (asking && !asking.isPending) this.#askAgain(asking, asking.ask.limit);
    for (const grant of [...credit.grants]) this.#close(credit, grant);
  }

  /** Closes grants whose life is over, and those of budgets that are no longer there. */
  sweep(now: Moment, isKnownBudget: (budgetId: string) => boolean): void {
    for (const credit of this.#budgets.values()) {
      const gone = !isKnownBudget(credit.budgetId);
      for (const grant of [...credit.grants]) {
        if (gone || grant.lifeLeftMs(now) <= 0) this.#close(credit, grant);
      }
      // Whatever was given to a question that nobody will repeat is over with its life, counted from before it was asked.
      const { asking } = credit;
      const isOver = asking && !asking.isPending && asking.askedAt.monotonicMs + asking.ask.lifeMs < now.monotonicMs;
      if (gone && isOver) credit.asking = undefined;
      if (gone && credit.grants.length === 0 && !credit.asking) this.#budgets.delete(credit.budgetId);
    }
  }

  /** The end of the process: everything closes. */
  closeAll(): void {
    for (const credit of this.#budgets.values()) {
      if (credit.asking) credit.asking.isRecalled = true;
      for (const grant of [...credit.grants]) this.#close(credit, grant);
    }
  }

  /** What could still be cut now, per budget that has an open grant. */
  *inHand(): Iterable<{ budgetId: string; restPicoUsd: PicoUsd }> {
    for (const credit of this.#budgets.values()) {
      if (credit.grants.length > 0) yield { budgetId: credit.budgetId, restPicoUsd: restOf(credit) };
    }
  }

  restInHand(budgetId: string): PicoUsd {
    const credit = this.#budgets.get(budgetId);
    return credit ? restOf(credit) : 0n;
  }

  #creditOf(budgetId: string): BudgetCredit {
    let credit = this.#budgets.get(budgetId);
    if (!credit) {
      credit = {
        budgetId,
        grants: [],
        asking: undefined,
        waitingPicoUsd: 0n,
        nearUntilMs: 0,
        nearFromPicoUsd: 0n,
        burn: new Burn(),
      };
      this.#budgets.set(budgetId, credit);
    }
    return credit;
  }

  /** The oldest grant that covers the amount. An older one that a newer one outdoes is closed: its rest is of no use here. */
  #covering(credit: BudgetCredit, amount: PicoUsd, now: Moment): Grant | undefined {
    for (let index = 0; index < credit.grants.length; index += 1) {
      const grant = credit.grants[index];
      if (!grant?.canCover(amount, now)) continue;
      if (index > 0) for (const older of credit.grants.slice(0, index)) this.#close(credit, older);
      return grant;
    }
    return undefined;
  }

  #debited(budget: MatchedBudget, amount: PicoUsd, now: Moment): void {
    const credit = this.#creditOf(budget.id);
    credit.burn.add(amount, now.monotonicMs);
    const newest = credit.grants.at(-1);
    if (!newest || credit.asking?.isPending || isNear(credit, amount, now)) return;
    const isHalfSpent = restOf(credit) * 2n < newest.terms.amountPicoUsd;
    const isNearItsEnd = newest.lifeLeftMs(now) < newest.terms.lifeMs * RENEW_AT_LIFE_PART;
    if (isHalfSpent || isNearItsEnd) this.#ask(credit, amount, now, budget);
  }

  #ask(credit: BudgetCredit, need: PicoUsd, now: Moment, { limit, template }: MatchedBudget): void {
    const before = credit.asking;
    if (before?.isPending) return;
    if (before) {
      this.#askAgain(before, limit);
      return;
    }
    const oldest = credit.grants[0];
    if (oldest && credit.grants.length >= GRANTS_PER_BUDGET_MAX) this.#close(credit, oldest);
    const { grantLifeMs, holdLifeMs } = this.#settings;
    const burnt = credit.burn.perSecond(now.monotonicMs) * BURN_SECONDS;
    const wanted = maxPicoUsd(maxPicoUsd(need, credit.waitingPicoUsd), burnt);
    const ask: GrantAsk = {
      grantId: this.#makeId(),
      budgetId: credit.budgetId,
      needPicoUsd: need,
      wantPicoUsd: minPicoUsd(PICO_USD_INT64_MAX, wanted),
      lifeMs: grantLifeMs,
      holdLifeMs,
      limit,
      template,
    };
    credit.asking = { ask, askedAt: now, isPending: true, wasSent: false, isRecalled: false };
    this.asks.push(ask);
  }

  /** Under the same id, so that it is given once; the limit is the one that holds now. */
  #askAgain(asking: Asking, limit: LimitDefinition | undefined): void {
    asking.isPending = true;
    this.asks.push({ ...asking.ask, limit });
  }

  #close(credit: BudgetCredit, grant: Grant): void {
    grant.beginClosing();
    credit.grants = credit.grants.filter((other) => other !== grant);
    this.#takeClosing(grant);
  }

  #takeClosing(grant: Grant): void {
    const closing = grant.takeClosing();
    if (!closing) return;
    this.#byGrant.delete(closing.grantId);
    this.closings.push(closing);
  }
}

export function cutOf(budget: MatchedBudget, grant: Grant, amount: PicoUsd): HoldCut {
  const { windowId, grantId } = grant.terms;
  return { budgetId: budget.id, windowId, grantId, amountPicoUsd: amount, hard: budget.hard, unit: budget.unit };
}

function isNear(credit: BudgetCredit, amount: PicoUsd, now: Moment): boolean {
  return now.monotonicMs < credit.nearUntilMs && amount >= credit.nearFromPicoUsd;
}

function restOf(credit: BudgetCredit): PicoUsd {
  let rest = 0n;
  for (const grant of credit.grants) rest += grant.rest;
  return rest;
}
