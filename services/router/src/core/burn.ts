// How fast money is held here: a moving average per second, in integers, for sizing grants. It never decides anything.
import { maxPicoUsd, type PicoUsd } from "@waybill/domain";

/** Seconds without a hold after which nothing is left of the average. */
const IDLE_SECONDS_MAX = 40;

/** Exponentially weighted: each second counts for a quarter. */
export class Burn {
  #second = 0;
  #heldThisSecond: PicoUsd = 0n;
  #perSecond: PicoUsd = 0n;

  add(amount: PicoUsd, monotonicMs: number): void {
    this.#advance(monotonicMs);
    this.#heldThisSecond += amount;
  }

  /** Pico-USD per second; a burst counts at once, not only when its second is over. */
  perSecond(monotonicMs: number): PicoUsd {
    this.#advance(monotonicMs);
    return maxPicoUsd(this.#heldThisSecond, this.#perSecond);
  }

  #advance(monotonicMs: number): void {
    const second = Math.floor(monotonicMs / 1_000);
    const passed = second - this.#second;
    if (passed <= 0) return;
    this.#second = second;
    this.#perSecond = (this.#perSecond * 3n + this.#heldThisSecond) / 4n;
    this.#heldThisSecond = 0n;
    if (passed > IDLE_SECONDS_MAX) this.#perSecond = 0n;
    else for (let idle = 1; idle < passed; idle += 1) this.#perSecond = (this.#perSecond * 3n) / 4n;
  }
}
