// What live workers say about one model: the sum of their last ten seconds, and what is new since a worker was heard before.
import type { TargetHealth } from "@waybill/wire";

/** How calls ended since the heartbeat before. */
export interface TargetNews {
  /** At least one had an answer. */
  hasSucceeded: boolean;
  /** Failures after the last success, or all new ones if there was none. */
  failures: number;
}

type Counted = Pick<TargetHealth, "calls" | "failures" | "firstTokenMsSum" | "firstTokens">;

/** The windows of several workers, added up. Each is added once, and taken away as it was added. */
export class TargetSum {
  #calls = 0;
  #failures = 0;
  #firstTokenMs = 0;
  #firstTokens = 0;

  add(heard: Counted): void {
    this.#count(heard, 1);
  }

  remove(heard: Counted): void {
    this.#count(heard, -1);
  }

  get calls(): number {
    return this.#calls;
  }

  /** Failed calls as a share, from 0 to 1. */
  get errorShare(): number {
    return this.#calls === 0 ? 0 : this.#failures / this.#calls;
  }

  /** Mean of the streams that had one; 0: none had. */
  get firstTokenMs(): number {
    return this.#firstTokens === 0 ? 0 : Math.round(this.#firstTokenMs / this.#firstTokens);
  }

  #count({ calls, failures, firstTokenMsSum, firstTokens }: Counted, sign: 1 | -1): void {
    this.#calls += sign * calls;
    this.#failures += sign * failures;
    this.#firstTokenMs += sign * Number(firstTokenMsSum);
    this.#firstTokens += sign * firstTokens;
  }
}

/**
 * `before`: what the same worker said last; undefined: it is heard for the first time. Old calls leave the window, so counts that
 * grew are certain to be new, and a success may stay unseen until the next one.
 */
export function newsOf(before: TargetHealth | undefined, now: TargetHealth): TargetNews {
  const [runBefore, run] = [before?.failuresInARow ?? 0, now.failuresInARow];
  const hasRunEnded = run < runBefore && answers(now) > 0;
  // As long a run as before, yet with new failures: it is another one.
  const isOtherRun = run === runBefore && run > 0 && now.failures > (before?.failures ?? 0);
  const hasSucceeded = answers(now) > answers(before) || hasRunEnded || isOtherRun;
  // A run that is shorter without a success is that of a worker that began anew.
  const failures = hasSucceeded || run < runBefore ? run : run - runBefore;
  return { hasSucceeded, failures };
}

function answers(heard: TargetHealth | undefined): number {
  return heard ? Math.max(0, heard.calls - heard.failures - heard.rateLimited) : 0;
}
