// An exact hold: all or none over a request's budgets, never more than is left.
import { maxPicoUsd, minPicoUsd, type PicoUsd } from "@waybill/domain";
import { type Books, restOf, type Window } from "./books.ts";
import { addLine } from "./hold-line.ts";
import type { Answer, HoldAsk, LimitSpec, PlaceHold, Unit } from "./operation.ts";

/**
 * The most that one budget allows for an ask. A request whose output the client did not bound gets a share of the rest,
 * but at least what it needs while that much is left: the last cent is usable.
 */
export function allowedAmount(ask: HoldAsk, restPicoUsd: PicoUsd, maxSharePercent: number): PicoUsd {
  const rest = maxPicoUsd(restPicoUsd, 0n);
  const share = (rest * BigInt(maxSharePercent)) / 100n;
  const most = ask.boundedByShare ? minPicoUsd(rest, maxPicoUsd(share, ask.leastPicoUsd)) : rest;
  return minPicoUsd(ask.wantPicoUsd, most);
}

/** A repeated attempt of the same holder gets what it got the first time. */
export function placeHold(books: Books, place: PlaceHold, nowMs: number): Answer {
  const placed = books.holdsOf(place.attemptId).filter((hold) => hold.holder === place.holder && hold.grantId === "");
  if (placed.length > 0) return { kind: "held", lines: placed };
  if (books.recordsOf(place.attemptId).length > 0) return { kind: "over" };
  for (const line of place.cut) {
    const problem = books.problemOf(line);
    if (problem !== undefined) return { kind: "impossible", reason: problem };
  }
  const groups = new Map<Unit, UnitAsks>();
  for (const ask of place.asks) {
    const window = books.currentWindow(ask.budgetId);
    if (!window && ask.limit) return refuseUnmade(ask, ask.limit);
    if (!window) return { kind: "impossible", reason: `there is no budget ${ask.budgetId}` };
    const group = groups.get(window.unit) ?? { least: 0n, asked: [] };
    groups.set(window.unit, group);
    // One request has one worst case: what its most demanding ask needs is needed of every budget of that unit.
    group.least = maxPicoUsd(group.least, ask.leastPicoUsd);
    group.asked.push({ window, ask, allowed: 0n, want: ask.wantPicoUsd });
  }
  for (const group of groups.values()) allow(group);
  const recallable = place.mayRecall ? [...groups.values()].flatMap(findRecallable) : [];
  const isShort = ({ asked, least }: UnitAsks): boolean => (asked[0]?.allowed ?? 0n) < least;
  const isRecallable = ({ asked }: UnitAsks): boolean =>
    asked.some(({ window }) => recallable.includes(window.budgetId));
  const bound = [...groups.values()].find(isShort) ?? [...groups.values()].find(isRecallable);
  if (bound) return refuse(bound, recallable);
  const { attemptId, holder, message } = place;
  const owner = { attemptId, holder, message, expiresAtMs: nowMs + place.lifeMs };
  for (const line of place.cut) addLine(books, owner, line, nowMs, false);
  const lines = [...groups.values()].flatMap(({ asked }) => {
    const amountPicoUsd = asked[0]?.allowed ?? 0n;
    return asked.map(({ window }) => {
      const line = { budgetId: window.budgetId, windowId: window.id, grantId: "", amountPicoUsd };
      return addLine(books, owner, line, nowMs, false);
    });
  });
  return { kind: "held", lines };
}

interface Asked {
  window: Window;
  ask: HoldAsk;
  allowed: PicoUsd;
  want: PicoUsd;
}

/** The asks whose budgets count the same. */
interface UnitAsks {
  least: bigint;
  /** Ascending by what is allowed. */
  asked: Asked[];
}

function allow({ least, asked }: UnitAsks): void {
  for (const each of asked) {
    const { ask, window } = each;
    each.allowed = allowedAmount({ ...ask, leastPicoUsd: least }, restOf(window), window.maxSharePercent);
  }
  asked.sort((a, b) => Number(a.allowed > b.allowed) - Number(a.allowed < b.allowed));
}

/** The budgets that would clamp or refuse and have credit out; none when even all of it back would not do. */
function findRecallable({ asked, least }: UnitAsks): string[] {
  const short = asked.filter(({ allowed, want }) => allowed < want);
  if (short.some(({ window }) => restOf(window) + window.grantedPicoUsd < least)) return [];
  return short.filter(({ window }) => window.grantedPicoUsd > 0n).map(({ window }) => window.budgetId);
}

/** A counter that could not be made is one that has nothing left: its organisation has all that it may have. */
function refuseUnmade({ budgetId, leastPicoUsd }: HoldAsk, { name, amount }: LimitSpec): Answer {
  return {
    ...{ kind: "refused", budgetId, budgetName: name, limitPicoUsd: amount, leftPicoUsd: 0n },
    ...{ neededPicoUsd: leastPicoUsd, resetsAtMs: undefined, recallable: [], mayFitSoon: false },
  };
}

/** Names the budget that allows least; `asked` ascends by what is allowed. */
function refuse({ asked, least }: UnitAsks, recallable: readonly string[]): Answer {
  const [tightest] = asked;
  if (!tightest) throw new Error("a hold without asks cannot be refused");
  const { window } = tightest;
  return {
    kind: "refused",
    budgetId: window.budgetId,
    budgetName: window.budgetName,
    limitPicoUsd: window.limitPicoUsd,
    leftPicoUsd: maxPicoUsd(restOf(window), 0n),
    neededPicoUsd: least,
    resetsAtMs: window.endsAtMs,
    recallable,
    mayFitSoon: asked.every(({ window }) => restOf(window) + window.heldPicoUsd >= least),
  };
}
