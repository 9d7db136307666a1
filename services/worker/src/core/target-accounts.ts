// The accounts of every model that has several: which one carries the next call, how long each is left alone, and what that means for
// the model as a whole. A model of one account is none of its business: that one is always called.
import type { ErrorCode } from "@waybill/domain";
import { type AccountState, afterCall, type CooldownReason, isCooling, WELL } from "./account-cooldown.ts";
import { preferredOf, Turns, type WeightedAccount } from "./pick-account.ts";

/** What the request says about the choice. */
export interface Wish {
  provider: string;
  model: string;
  /** Empty: none. */
  sessionKey: string;
  /** Ids of accounts that failed earlier attempts of this request. */
  failedAccounts: readonly string[];
}

export type Picked<Account> =
  | { kind: "picked"; account: Account }
  /** No account can serve; the first that was refused for its rate may be asked again after this time. */
  | { kind: "cooling"; retryAfterMs: number };

/** How a call of one account ended. */
export interface AccountEnd extends Wish {
  account: string;
  /** Empty: success. */
  code: ErrorCode | "";
  startedMs: number;
  /** What the provider asked for; 0: nothing. */
  retryAfterMs: number;
  /** With an answer: how long the provider's own limit is best left alone; absent or 0: there is room. */
  usedUpMs?: number;
  /** It cost nothing, for certain. */
  isFree: boolean;
}

export interface Aftermath {
  /** It was this account's failure, and another one is free: the same request may be sent there at once. */
  otherAccount: boolean;
  /** How long the model as a whole wants to be left alone; 0: not at all. */
  retryAfterMs: number;
  /** Set when the account is left alone from now on. */
  cooled: { reason: CooldownReason; forMs: number } | undefined;
}

/** An account that refused for its rate, or soon will, for so long from now. */
export interface RestingAccount {
  provider: string;
  model: string;
  account: string;
  forMs: number;
}

export interface CoolingAccount {
  provider: string;
  model: string;
  account: string;
  reason: CooldownReason;
}

/** An account other than the one that failed may do better. A request that was wrong, or slow, is so everywhere. */
const WORTH_ANOTHER_ACCOUNT: ReadonlySet<string> = new Set<ErrorCode>([
  "upstream_rate_limited",
  "upstream_auth",
  "upstream_error",
  "upstream_unreachable",
]);
/** Models beyond it push out the one that was first seen: its accounts begin anew. */
const TARGETS_MAX = 10_000;
/** What another worker says is believed so long at most. */
const HEARD_MS_MAX = 60_000;
const ACCOUNTS_HEARD_MAX = 100;

interface Target {
  readonly provider: string;
  readonly model: string;
  readonly turns: Turns;
  readonly states: Map<string, AccountState>;
  /** Until when other workers say that an account is to be left alone. */
  readonly heard: Map<string, number>;
}

export class TargetAccounts {
  readonly #targets = new Map<string, Target>();

  /**
   * An account that is not cooling and has not failed this request, else one that is not cooling, else one that only failed and may be
   * well again. Where all were refused: not at all while one of them asks for time, else the one whose pause ends first.
   */
  pick<Account extends WeightedAccount>(accounts: readonly Account[], wish: Wish, nowMs: number): Picked<Account> {
    const [only, ...others] = accounts;
    if (only && others.length === 0) return { kind: "picked", account: only };
    const target = this.#target(wish);
    const { turns, states } = target;
    const stateOf = ({ id }: Account): AccountState => states.get(id) ?? WELL;
    const free = accounts.filter(({ id }) => !isResting(target, id, nowMs));
    const untried = free.filter(({ id }) => !wish.failedAccounts.includes(id));
    const candidates = untried.length > 0 ? untried : free;
    if (candidates.length > 0) {
      const account = wish.sessionKey === "" ? turns.next(candidates) : preferredOf(candidates, wish.sessionKey);
      return { kind: "picked", account };
    }
    const soonest = (reason: CooldownReason): Account | undefined =>
      accounts
        .filter((account) => stateOf(account).reason === reason)
        .sort((one, other) => stateOf(one).untilMs - stateOf(other).untilMs)[0];
    const retryAfterMs = pauseMs(accounts, target, nowMs);
    if (retryAfterMs > 0) return { kind: "cooling", retryAfterMs };
    const account = soonest("failing") ?? soonest("auth");
    if (!account) throw new Error("there is no account to pick from");
    return { kind: "picked", account };
  }

  /** Takes note of how a call ended. `accounts`: those of the model now, which may have changed since it began. */
  ended(accounts: readonly WeightedAccount[], end: AccountEnd, nowMs: number): Aftermath {
    if (accounts.length <= 1) {
      const retryAfterMs = end.code === "" ? (end.usedUpMs ?? 0) : end.retryAfterMs;
      return { otherAccount: false, retryAfterMs, cooled: undefined };
    }
    const target = this.#target(end);
    const { states } = target;
    const before = states.get(end.account) ?? WELL;
    const state = afterCall(before, end, nowMs);
    states.set(end.account, state);
    const isFree = ({ id }: WeightedAccount): boolean => !isResting(target, id, nowMs);
    const isUntried = ({ id }: WeightedAccount): boolean => id !== end.account && !end.failedAccounts.includes(id);
    const isNew = state.sinceMs !== before.sinceMs || state.pauses > before.pauses;
    const cooled = isNew && state.reason ? { reason: state.reason, forMs: wholeMs(state.untilMs - nowMs) } : undefined;
    const otherAccount =
      end.isFree &&
      WORTH_ANOTHER_ACCOUNT.has(end.code) &&
      accounts.some((account) => isUntried(account) && isFree(account));
    return { otherAccount, cooled, retryAfterMs: pauseMs(accounts, target, nowMs) };
  }

  /** Another worker was refused for its rate there, or will be: nothing of ours changes, and it is left alone meanwhile. */
  heard({ provider, model, account, forMs }: RestingAccount, nowMs: number): void {
    const { heard } = this.#target({ provider, model });
    const untilMs = nowMs + Math.min(forMs, HEARD_MS_MAX);
    if (untilMs > (heard.get(account) ?? 0)) heard.set(account, untilMs);
    if (heard.size > ACCOUNTS_HEARD_MAX) heard.delete(heard.keys().next().value ?? "");
  }

  /** Accounts that are left alone now for what happened here. */
  *cooling(nowMs: number): Iterable<CoolingAccount> {
    for (const { provider, model, states } of this.#targets.values()) {
      for (const [account, state] of states) {
        if (state.reason && isCooling(state, nowMs)) yield { provider, model, account, reason: state.reason };
      }
    }
  }

  #target({ provider, model }: Pick<Wish, "provider" | "model">): Target {
    const id = `${provider}/${model}`;
    const known = this.#targets.get(id);
    if (known) return known;
    if (this.#targets.size >= TARGETS_MAX) {
      const [oldest] = this.#targets.keys();
      if (oldest !== undefined) this.#targets.delete(oldest);
    }
    const target = {
      provider,
      model,
      turns: new Turns(),
      states: new Map<string, AccountState>(),
      heard: new Map<string, number>(),
    };
    this.#targets.set(id, target);
    return target;
  }
}

function isResting({ states, heard }: Target, account: string, nowMs: number): boolean {
  return isCooling(states.get(account) ?? WELL, nowMs) || (heard.get(account) ?? 0) > nowMs;
}

/** How long a model is to be left alone: until its first account is free, where all were refused and one for its rate; else 0. */
function pauseMs(accounts: readonly WeightedAccount[], { states, heard }: Target, nowMs: number): number {
  let shortestMs = 0;
  for (const { id } of accounts) {
    const state = states.get(id) ?? WELL;
    const heardMs = (heard.get(id) ?? 0) - nowMs;
    const isOurs = isCooling(state, nowMs);
    if (!isOurs && heardMs <= 0) return 0;
    if (isOurs && state.reason === "failing" && heardMs <= 0) return 0;
    const isLimited = heardMs > 0 || state.reason === "rate_limited";
    const ownMs = isOurs && state.reason === "rate_limited" ? state.untilMs - nowMs : 0;
    const leftMs = wholeMs(Math.max(heardMs, ownMs));
    if (isLimited && (shortestMs === 0 || leftMs < shortestMs)) shortestMs = leftMs;
  }
  return shortestMs;
}

/** Clocks have fractions: what is a hair over 9 s is not to be told as 10. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.round(ms));
}
