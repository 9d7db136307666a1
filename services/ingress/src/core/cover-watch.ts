// Watches how long a stream gets beside what its soft budgets hold for it, and asks for more in time.
import type { ExtendHoldResponse } from "@waybill/wire";

/** Asks when this part of what is held is used up: an answer comes before the rest is. */
const ASK_AT_PERCENT = 80n;

export interface CoverWatchOptions {
  /** Output tokens of all choices that are held for. */
  coveredOutputTokens: bigint;
  /** Asks a router; rejects when none answers. `extension`: 1, 2, ... */
  extend(coveredOutputTokens: bigint, extension: number): Promise<ExtendHoldResponse>;
  /** A soft budget has nothing left. Told once. */
  onRefused(budgetId: string, countedOutputTokens: bigint): void;
}

export class CoverWatch {
  readonly #options: CoverWatchOptions;
  #covered: bigint;
  #counted = 0n;
  #extensions = 0;
  #isAsking = false;
  #isRefused = false;

  constructor(options: CoverWatchOptions) {
    this.#options = options;
    this.#covered = options.coveredOutputTokens;
  }

  counted(outputTokens: number): void {
    this.#counted += BigInt(outputTokens);
    const isShort = this.#counted * 100n >= this.#covered * ASK_AT_PERCENT;
    if (isShort && !this.#isAsking && !this.#isRefused) void this.#ask();
  }

  async #ask(): Promise<void> {
    const { extend, onRefused } = this.#options;
    this.#isAsking = true;
    this.#extensions += 1;
    try {
      const { coveredOutputTokens, refusal } = await extend(this.#covered, this.#extensions);
      this.#isRefused = refusal !== undefined;
      if (refusal) onRefused(refusal.budgetId, this.#counted);
      else this.#covered = coveredOutputTokens;
    } catch {
      // Nobody can be asked: soft budgets let pass what they cannot count ahead, and the record counts it.
      this.#covered *= 2n;
    } finally {
      this.#isAsking = false;
    }
  }
}
