// One grant: credit of one budget window that this process may cut holds from.
//
// Modes: open -> closing -> closed.
// - open: holds are cut while both clocks say that its life is not over.
// - closing: no new hold; a hold cut for an exact placement under way may still come back. Entered by expiry, recall, a
//   newer grant that does better, a budget that is gone, or the end of the process.
// - closed: the closing, which names the total debited, has been handed out, once. Nothing changes any more.
import type { PicoUsd } from "@waybill/domain";

/** The same moment on both clocks. Durations are measured; a wall clock that jumps ends a life early, never late. */
export interface Moment {
  monotonicMs: number;
  unixMs: number;
}

/** The last line about a grant; only then the rest returns to the budget. */
export interface Closing {
  grantId: string;
  debitedPicoUsd: PicoUsd;
}

export interface GrantTerms {
  grantId: string;
  budgetId: string;
  windowId: bigint;
  amountPicoUsd: PicoUsd;
  /** Counted from before it was asked for. */
  lifeMs: number;
  askedAt: Moment;
}

export class Grant {
  readonly terms: GrantTerms;
  #mode: "open" | "closing" | "closed" = "open";
  #debited: PicoUsd = 0n;
  #underWay = 0;

  constructor(terms: GrantTerms) {
    this.terms = terms;
  }

  get rest(): PicoUsd {
    return this.terms.amountPicoUsd - this.#debited;
  }

  get isOpen(): boolean {
    return this.#mode === "open";
  }

  /** Milliseconds until the first of the two clocks says that it is over; negative: over. */
  lifeLeftMs(now: Moment): number {
    const { askedAt, lifeMs } = this.terms;
    const passedMs = Math.max(now.monotonicMs - askedAt.monotonicMs, now.unixMs - askedAt.unixMs);
    return lifeMs - passedMs;
  }

  canCover(amount: PicoUsd, now: Moment): boolean {
    return this.#mode === "open" && this.rest >= amount && this.lifeLeftMs(now) > 0;
  }

  /** Cuts a hold. The caller has asked canCover at the same moment. */
  debit(amount: PicoUsd): void {
    if (this.#mode !== "open" || amount < 0n || amount > this.rest)
      throw new Error("a grant was debited beyond its terms");
    this.#debited += amount;
  }

  /** Cuts a hold whose fate is decided by an exact placement; until then the grant cannot be closed. */
  debitUnderWay(amount: PicoUsd): void {
    this.debit(amount);
    this.#underWay += 1;
  }

  /** The placement came out: `returned` when it certainly did not happen. */
  placed(amount: PicoUsd, returned: boolean): void {
    if (this.#underWay === 0) throw new Error("a placement came out twice");
    this.#underWay -= 1;
    if (returned) this.#debited -= amount;
  }

  /** No new holds from now on. */
  beginClosing(): void {
    if (this.#mode === "open") this.#mode = "closing";
  }

  /** The closing, once, as soon as nothing is under way any more. */
  takeClosing(): Closing | undefined {
    if (this.#mode !== "closing" || this.#underWay > 0) return undefined;
    this.#mode = "closed";
    return { grantId: this.terms.grantId, debitedPicoUsd: this.#debited };
  }
}
