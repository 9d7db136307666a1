// How much credit one holder gets ahead of need.
import { maxPicoUsd, minPicoUsd, type PicoUsd } from "@waybill/domain";
import { restOf, standingOf } from "./allowance.ts";
import { type Books, type Grant, move, restOfGrant, type Window } from "./books.ts";
import type { Answer, AskGrant } from "./operation.ts";
import { grantLifeMsMax } from "./rolling.ts";

/** A grant is at most this part of the rest, so that many holders together cannot strand a budget. */
const REST_PARTS = 100n;

/** Gives all that is wanted, but at most a hundredth of the rest; nothing when that would not cover the need. */
export function grantAmount(restPicoUsd: PicoUsd, needPicoUsd: PicoUsd, wantPicoUsd: PicoUsd): PicoUsd {
  const most = maxPicoUsd(restPicoUsd, 0n) / REST_PARTS;
  const amount = minPicoUsd(maxPicoUsd(wantPicoUsd, needPicoUsd), most);
  return amount < needPicoUsd ? 0n : amount;
}

/** A repeated grant id gets what it got the first time. */
export function giveGrant(books: Books, ask: AskGrant, nowMs: number): Answer {
  const known = books.grants.get(ask.grantId);
  if (known) {
    const lifeMs = Math.max(0, known.expiresAtMs - nowMs);
    const window = books.currentWindow(ask.budgetId);
    const standing = window && standingOf(window);
    return { kind: "granted", amountPicoUsd: known.amountPicoUsd, windowId: known.windowId, lifeMs, standing };
  }
  const window = books.currentWindow(ask.budgetId);
  // A counter that could not be made: the exact hold that is asked for next is refused.
  if (!window && books.unmade.has(ask.budgetId))
    return { kind: "granted", amountPicoUsd: 0n, windowId: 0n, lifeMs: 0, standing: undefined };
  if (!window) return { kind: "impossible", reason: `there is no budget ${ask.budgetId}` };
  const lifeMs = Math.min(ask.lifeMs, longestLifeMs(window, nowMs));
  const isStopped = nowMs < window.noCreditUntilMs;
  const amountPicoUsd = lifeMs <= 0 || isStopped ? 0n : amountOf(books, window, ask);
  if (amountPicoUsd === 0n) {
    return { kind: "granted", amountPicoUsd, windowId: window.id, lifeMs: 0, standing: standingOf(window) };
  }
  const grant: Grant = {
    grantId: ask.grantId,
    holder: ask.holder,
    budgetId: ask.budgetId,
    windowId: window.id,
    amountPicoUsd,
    capPicoUsd: amountPicoUsd,
    debitedPicoUsd: 0n,
    state: "open",
    grantedAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs,
    lastHoldEndsAtMs: nowMs + lifeMs + ask.holdLifeMs,
    isReserve: ask.isReserve === true,
    change: "insert",
  };
  books.grants.set(grant.grantId, grant);
  move(window, "grantedPicoUsd", restOfGrant(grant));
  return { kind: "granted", amountPicoUsd, windowId: window.id, lifeMs, standing: standingOf(window) };
}

/** A grant never outlives its window, and in a rolling one it is short. */
function longestLifeMs({ endsAtMs, rolling }: Window, nowMs: number): number {
  if (rolling) return grantLifeMsMax(rolling);
  return endsAtMs === undefined ? Number.POSITIVE_INFINITY : endsAtMs - nowMs;
}

/** A router's part of what its budget allows, as far as that is not out already and there is room; together never more than allowed. */
function reserveAmount(books: Books, window: Window, wantPicoUsd: PicoUsd): PicoUsd {
  const reserve = books.reserves.get(window.id);
  if (!reserve) return 0n;
  const { allowancePicoUsd, outPicoUsd, holders } = reserve;
  const part = minPicoUsd(allowancePicoUsd / BigInt(holders), allowancePicoUsd - outPicoUsd);
  const amountPicoUsd = maxPicoUsd(0n, [restOf(window), wantPicoUsd].reduce(minPicoUsd, part));
  reserve.outPicoUsd += amountPicoUsd;
  return amountPicoUsd;
}

/** A budget that only observes gives what is wanted. */
function amountOf(books: Books, window: Window, { needPicoUsd, wantPicoUsd, isReserve }: AskGrant): PicoUsd {
  if (isReserve) return reserveAmount(books, window, wantPicoUsd);
  if (window.enforcement === "observe") return maxPicoUsd(needPicoUsd, wantPicoUsd);
  return grantAmount(restOf(window), needPicoUsd, wantPicoUsd);
}
