// How one account of a provider is doing with one model: well, or left alone for a while after it refused or failed. A function of
// how its calls ended; the time is the caller's.
import type { ErrorCode } from "@waybill/domain";
import { ANSWERS, FAILURES } from "./target-health.ts";

/**
 * Why an account is left alone: it refused for the rate (429) or asked for a pause, it refused the key (401, 403), or it failed
 * several times in a row.
 */
export type CooldownReason = "rate_limited" | "auth" | "failing";

export interface AccountState {
  /** Undefined: it was not left alone since its last success. */
  readonly reason: CooldownReason | undefined;
  /** When the present or the last pause began, and when it is over. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Pauses since the last success. */
  readonly pauses: number;
  readonly failuresInARow: number;
}

export interface AccountCall {
  /** Empty: success. */
  code: ErrorCode | "";
  startedMs: number;
  /** What the provider asked for with its refusal; 0: nothing. */
  retryAfterMs: number;
  /** With an answer: how long the provider's own limit is best left alone; absent or 0: there is room. */
  usedUpMs?: number;
}

export const WELL: AccountState = Object.freeze({
  ...{ reason: undefined, sinceMs: 0, untilMs: 0, pauses: 0, failuresInARow: 0 },
});

/** What a provider asks for is kept to, up to this long: the other accounts carry on meanwhile. */
const RETRY_AFTER_MS_MAX = 60_000;
/** First and longest pause; in between each is twice the one before. */
const PAUSES_MS: Readonly<Record<CooldownReason, readonly [first: number, longest: number]>> = {
  rate_limited: [1_000, 30_000],
  auth: [60_000, 600_000],
  failing: [2_000, 30_000],
};
const FAILURES_IN_A_ROW_MAX = 3;
/** Beyond it doubling changes nothing. */
const DOUBLINGS_MAX = 10;

export function isCooling(state: AccountState, nowMs: number): boolean {
  return nowMs < state.untilMs;
}

/** What the account is after this call ended. Ends that say nothing about the provider change nothing. */
export function afterCall(state: AccountState, call: AccountCall, nowMs: number): AccountState {
  // One of a burst that was under way when the pause began: it says nothing that is not known, but may ask for more time.
  const isLate = isCooling(state, nowMs) && call.startedMs < state.sinceMs;
  const { usedUpMs = 0 } = call;
  if (ANSWERS.has(call.code) && usedUpMs > 0) {
    return isLate
      ? lengthened(state, usedUpMs, nowMs)
      : { ...paused(WELL, "rate_limited", usedUpMs, nowMs), pauses: 0 };
  }
  if (ANSWERS.has(call.code)) return isLate ? state : WELL;
  if (call.code === "upstream_auth") return isLate ? state : paused(state, "auth", 0, nowMs);
  // A provider that is down may say for how long, as well.
  const isPauseAsked = call.retryAfterMs > 0 && FAILURES.has(call.code);
  if (call.code === "upstream_rate_limited" || isPauseAsked) {
    return isLate
      ? lengthened(state, call.retryAfterMs, nowMs)
      : paused(state, "rate_limited", call.retryAfterMs, nowMs);
  }
  if (!FAILURES.has(call.code) || isLate) return state;
  const failed = { ...state, failuresInARow: state.failuresInARow + 1 };
  return failed.failuresInARow < FAILURES_IN_A_ROW_MAX ? failed : paused(failed, "failing", 0, nowMs);
}

function paused(state: AccountState, reason: CooldownReason, askedMs: number, nowMs: number): AccountState {
  const [firstMs, longestMs] = PAUSES_MS[reason];
  const ownMs = Math.min(longestMs, firstMs * 2 ** Math.min(state.pauses, DOUBLINGS_MAX));
  const forMs = askedMs > 0 ? Math.min(askedMs, RETRY_AFTER_MS_MAX) : ownMs;
  const untilMs = nowMs + forMs;
  const again = { ...state, sinceMs: nowMs, pauses: state.pauses + 1 };
  // No pause is shortened, and one that lasts longer keeps its reason: who asks for a millisecond is not to be waited for by minutes.
  return untilMs < state.untilMs ? again : { ...again, reason, untilMs };
}

function lengthened(state: AccountState, askedMs: number, nowMs: number): AccountState {
  const untilMs = nowMs + Math.min(askedMs, RETRY_AFTER_MS_MAX);
  return untilMs > state.untilMs ? { ...state, untilMs } : state;
}
