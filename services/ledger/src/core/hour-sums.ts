// What a batch adds to the sums by hour: one row for everything that its entries can be grouped by.
import type { PicoUsd } from "@waybill/domain";

/** By what a sum is grouped; ids of the rows that entries share. */
export interface SumKey {
  requestMonth: string;
  accountingMonth: string;
  /** Hours since 1970 in which the request came. */
  hour: number;
  attributionId: string;
  routingId: string;
  priceId: string;
  outcome: string;
  tokenSource: string;
}

/** A sum that is being made. What takes an entry back adds its amounts below zero. */
export class HourSum {
  readonly key: SumKey;
  requests = 0;
  attempts = 0;
  unpricedAttempts = 0;
  suspectAttempts = 0;
  inputTokens = 0n;
  cachedInputTokens = 0n;
  cacheWrite5mTokens = 0n;
  cacheWrite1hTokens = 0n;
  outputTokens = 0n;
  reasoningTokens = 0n;
  durationMs = 0;
  /** Without what has no price. */
  costPicoUsd: PicoUsd = 0n;

  constructor(key: SumKey) {
    this.key = key;
  }

  /** `sign` -1 takes it back. A request is counted with its first attempt, or with its answer from the cache, which is attempt 0. */
  count(sign: 1 | -1, attempt: number, isPriced: boolean, isSuspect: boolean): void {
    this.attempts += sign;
    if (attempt <= 1) this.requests += sign;
    if (!isPriced) this.unpricedAttempts += sign;
    if (isSuspect) this.suspectAttempts += sign;
  }
}

export class HourSums {
  readonly #sums = new Map<string, HourSum>();

  /** The sum of this key. None of the parts but the outcome and what counted the tokens differs in length. */
  of(key: SumKey): HourSum {
    const name =
      key.requestMonth +
      key.accountingMonth +
      key.attributionId +
      key.routingId +
      key.priceId +
      key.hour +
      key.outcome +
      " " +
      key.tokenSource;
    let sum = this.#sums.get(name);
    if (!sum) {
      sum = new HourSum(key);
      this.#sums.set(name, sum);
    }
    return sum;
  }

  all(): HourSum[] {
    return [...this.#sums.values()];
  }
}
