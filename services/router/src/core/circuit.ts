// The circuit of one target. It is a function of what workers say in their heartbeats and of the time since then, so that routers
// that hear the same come to the same state without talking: closed -> open after failures; half open after a while, when few
// requests may try; closed again after a success, or open for twice as long after another failure.
import type { TargetNews, TargetSum } from "./target-health.ts";

export type CircuitState = "closed" | "half_open" | "open";

/** Failures in a row, over all workers: a success at any of them ends the run. */
const IN_A_ROW_MAX = 5;
/** And so many of the workers see it: one that cannot get out says nothing about the provider. */
const FAILING_SHARE_MIN = 0.5;
/** Or half of at least so many calls of ten seconds. */
const CALLS_MIN = 10;
const ERROR_SHARE_MAX = 0.5;
/** After it closed the share still holds the failures that opened it: for one window, and a heartbeat. */
const SHARE_SETTLES_MS = 11_000;
const OPEN_MS = 5_000;
/** A provider that is well again is asked again well within half a minute. */
const OPEN_MS_MAX = 20_000;
/** While it is half open one request may try, in each router, so often. */
const PROBE_EVERY_MS = 1_000;
/** What a provider asks for is kept to, up to this long. */
const LEFT_ALONE_MS_MAX = 30_000;

/** What all workers say together. */
export interface Sum extends Pick<TargetSum, "calls" | "errorShare"> {
  /** Workers whose last call failed, of those that called a moment ago, from 0 to 1. Asked only when it matters. */
  failingShare(): number;
}

export class Circuit {
  /** 0: closed. */
  #openMs = 0;
  #openUntilMs = 0;
  #failuresInARow = 0;
  #shareCountsFromMs = Number.NEGATIVE_INFINITY;
  #probedMs = Number.NEGATIVE_INFINITY;
  #leftAloneUntilMs = Number.NEGATIVE_INFINITY;

  /** Takes what one worker's heartbeat says anew, and the sum over all workers with it. */
  heard(news: TargetNews, sum: Sum, nowMs: number): void {
    this.#failuresInARow = news.failures + (news.hasSucceeded ? 0 : this.#failuresInARow);
    const state = this.state(nowMs);
    if (state === "closed") {
      if (this.#isRunBad(sum) || this.#isShareBad(sum, nowMs)) this.#open(OPEN_MS, nowMs);
    } else if (state === "half_open") {
      // What ended last counts.
      if (news.failures > 0) this.#open(Math.min(this.#openMs * 2, OPEN_MS_MAX), nowMs);
      else if (news.hasSucceeded) this.#close(nowMs);
    }
    // While it is open, what ends are calls from before: they say nothing about now.
  }

  /** Its provider asked to be left alone from now on; for longer than half a minute it is not. */
  leaveAlone(forMs: number, nowMs: number): void {
    this.#leftAloneUntilMs = Math.max(this.#leftAloneUntilMs, nowMs + Math.min(forMs, LEFT_ALONE_MS_MAX));
  }

  state(nowMs: number): CircuitState {
    if (this.#openMs === 0) return "closed";
    return nowMs < this.#openUntilMs ? "open" : "half_open";
  }

  /** How long its provider wants to be left alone; 0: not at all. */
  leftAloneMs(nowMs: number): number {
    return Math.max(0, this.#leftAloneUntilMs - nowMs);
  }

  /** May this request go there? While half open, the first one of each second is the probe. */
  admits(nowMs: number): boolean {
    const state = this.state(nowMs);
    if (state !== "half_open") return state === "closed";
    if (nowMs - this.#probedMs < PROBE_EVERY_MS) return false;
    this.#probedMs = nowMs;
    return true;
  }

  #isRunBad(sum: Sum): boolean {
    return this.#failuresInARow >= IN_A_ROW_MAX && sum.failingShare() >= FAILING_SHARE_MIN;
  }

  #isShareBad({ calls, errorShare }: Sum, nowMs: number): boolean {
    return nowMs >= this.#shareCountsFromMs && calls >= CALLS_MIN && errorShare >= ERROR_SHARE_MAX;
  }

  #open(forMs: number, nowMs: number): void {
    this.#openMs = forMs;
    this.#openUntilMs = nowMs + forMs;
  }

  #close(nowMs: number): void {
    this.#openMs = 0;
    this.#shareCountsFromMs = nowMs + SHARE_SETTLES_MS;
  }
}
