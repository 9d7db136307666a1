// An exact hold: all or none over a request's budgets, never more than each of them allows.
import { maxPicoUsd, minPicoUsd, type PicoUsd } from "@waybill/domain";
import { affords, allowedAmount, limitOf, restOf, roomAtMs } from "./allowance.ts";
import { type Books, stopCredit, type UnmadeCounter, type Window } from "./books.ts";
import { addLine } from "./hold-line.ts";
import type { Answer, HeldLine, HoldAsk, Line, PlaceHold, Unit } from "./operation.ts";

/** A repeated attempt of the same holder gets what it got the first time, unless that was given back meanwhile. */
export function placeHold(books: Books, place: PlaceHold, nowMs: number): Answer {
  const placed = books.holdsOf(place.attemptId).filter((hold) => hold.holder === place.holder && hold.grantId === "");
  if (placed.some(({ settledAtMs }) => settledAtMs !== undefined)) return { kind: "over" };
  if (placed.length > 0) return { kind: "held", lines: placed.map((line) => heldLine(books, line)) };
  if (books.recordsOf(place.attemptId).length > 0) return { kind: "over" };
  for (const line of place.cut) {
    const problem = books.problemOf(line);
    if (problem !== undefined) return { kind: "impossible", reason: problem };
  }
  const groups = new Map<Unit, UnitAsks>();
  for (const ask of place.asks) {
    const window = books.currentWindow(ask.budgetId);
    const unmade = window ? undefined : books.unmade.get(ask.budgetId);
    if (unmade?.enforcement === "observe") continue;
    if (unmade) return refuseUnmade(ask, unmade);
    if (!window) return { kind: "impossible", reason: `there is no budget ${ask.budgetId}` };
    const group = groups.get(window.unit) ?? { least: 0n, asked: [] };
    groups.set(window.unit, group);
    // One request has one worst case: what its most demanding ask needs is needed of every hard budget of that unit.
    if (window.enforcement === "hard") group.least = maxPicoUsd(group.least, ask.leastPicoUsd);
    group.asked.push({ window, ask, allowed: 0n });
  }
  for (const group of groups.values()) allow(group);
  const recallable = [...groups.values()].flatMap(findRecallable);
  for (const window of recallable) stopCredit(window, nowMs);
  const uncalled = recallable.filter(({ budgetId }) => !place.recalled.includes(budgetId));
  const isUncalled = ({ asked }: UnitAsks): boolean => asked.some(({ window }) => uncalled.includes(window));
  const bound = [...groups.values()].find(isShort) ?? [...groups.values()].find(isUncalled);
  if (bound) return refuse(bound, uncalled);
  const { attemptId, holder, message } = place;
  const owner = { attemptId, holder, message, expiresAtMs: nowMs + place.lifeMs };
  for (const line of place.cut) addLine(books, owner, line, nowMs, false);
  const lines = [...groups.values()].flatMap(linesOf);
  return { kind: "held", lines: lines.map((line) => heldLine(books, addLine(books, owner, line, nowMs, false))) };
}

interface Asked {
  window: Window;
  ask: HoldAsk;
  allowed: PicoUsd;
}

/** The asks whose budgets count the same. */
interface UnitAsks {
  /** What every hard budget among them has to allow. */
  least: PicoUsd;
  /** Those that do not afford it first, then hard ones; ascending by what is allowed. */
  asked: Asked[];
}

function allow({ least, asked }: UnitAsks): void {
  for (const each of asked) {
    each.allowed = allowedAmount(each.window, restOf(each.window), { ...each.ask, leastPicoUsd: least });
  }
  const rank = ({ window }: Asked): number => {
    if (!affords(window, restOf(window), least)) return 0;
    return window.enforcement === "hard" ? 1 : 2;
  };
  asked.sort((a, b) => rank(a) - rank(b) || Number(a.allowed > b.allowed) - Number(a.allowed < b.allowed));
}

function isShort({ asked, least }: UnitAsks): boolean {
  return asked.some(({ window, allowed }) => {
    const isClampedTooFar = window.enforcement === "hard" && allowed < least;
    return isClampedTooFar || !affords(window, restOf(window), least);
  });
}

/** What is held on each: on hard budgets all the same, on others no more than the call can cost after that clamp. */
function linesOf({ asked }: UnitAsks): Line[] {
  const hard = asked.filter(({ window }) => window.enforcement === "hard").map(({ allowed }) => allowed);
  return asked.map(({ window, allowed }) => ({
    budgetId: window.budgetId,
    windowId: window.id,
    grantId: "",
    amountPicoUsd: hard.reduce(minPicoUsd, allowed),
  }));
}

function heldLine(books: Books, line: Line): HeldLine {
  const { unit, enforcement } = books.windowOf(line);
  return { ...line, unit, enforcement };
}

/** The budgets that would clamp or refuse and have credit out; none when even all of it back would not do. */
function findRecallable({ asked, least }: UnitAsks): Window[] {
  const short = asked.filter(
    ({ window, ask, allowed }) => allowed < ask.wantPicoUsd || !affords(window, restOf(window), least),
  );
  if (short.some(({ window }) => !affords(window, restOf(window) + window.grantedPicoUsd, least))) return [];
  return short.map(({ window }) => window).filter(({ grantedPicoUsd }) => grantedPicoUsd > 0n);
}

/** A counter that could not be made is one that has nothing left: its organisation has all that it may have. */
function refuseUnmade({ budgetId, leastPicoUsd }: HoldAsk, unmade: UnmadeCounter): Answer {
  const { name, templateValue, unit, enforcement, limitPicoUsd } = unmade;
  return {
    ...{ kind: "refused", budgetId, budgetName: name, templateValue, unit, soft: enforcement === "soft", limitPicoUsd },
    ...{ leftPicoUsd: 0n, neededPicoUsd: leastPicoUsd, resetsAtMs: undefined, recallable: [], mayFitSoon: false },
  };
}

/** Names the budget that allows least. */
function refuse({ asked, least }: UnitAsks, recallable: readonly Window[]): Answer {
  const [tightest] = asked;
  if (!tightest) throw new Error("a hold without asks cannot be refused");
  const { window, ask } = tightest;
  const soft = window.enforcement === "soft";
  const neededPicoUsd = soft ? ask.wantPicoUsd : least;
  return {
    kind: "refused",
    budgetId: window.budgetId,
    budgetName: window.budgetName,
    templateValue: window.templateValue,
    unit: window.unit,
    soft,
    limitPicoUsd: limitOf(window),
    leftPicoUsd: maxPicoUsd(restOf(window), 0n),
    neededPicoUsd,
    resetsAtMs: roomAtMs(window, soft ? 1n : least),
    recallable: recallable.map(({ budgetId }) => budgetId),
    mayFitSoon: asked.every(({ window }) => affords(window, restOf(window) + window.heldPicoUsd, least)),
  };
}
