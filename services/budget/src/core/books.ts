// The rows that one batch touches, as read under the locks of their windows, and the only functions that move money
// between them. Kept true by every function here, for each window:
//   held    = sum of the amounts of its open holds
//   granted = sum over its grants of max(0, cap - debited)
//   posted  = sum of what its holds carry as posted; in a rolling window, of those that have not left yet
// and of a window that has passed its rest on to later ones: carriedOut = what it leaves unspent.
import type { PicoUsd, RecordSourceName } from "@waybill/domain";
import type { Alert } from "./alert.ts";
import { unspentOf } from "./allowance.ts";
import type { Caller, Enforcement, Line, Unit } from "./operation.ts";
import { addSpend, age, type Rolling } from "./rolling.ts";

/** What has to be written for a row when the batch is done. */
export type Change = "none" | "insert" | "update";

export interface Window {
  id: bigint;
  budgetId: string;
  budgetName: string;
  organisationId: string;
  /** A budget's, which people watch; not the counter of a route's limit. */
  isWatched: boolean;
  maxSharePercent: number;
  unit: Unit;
  enforcement: Enforcement;
  /** Not empty: the counter of this value of a template's field. */
  templateValue: string;
  startsAtMs: number;
  /** Undefined: never. */
  endsAtMs: number | undefined;
  /** Without what is carried over, and without a raise. */
  limitPicoUsd: PicoUsd;
  /** What earlier windows left; negative where that was spent already and they turned out dearer. */
  carriedInPicoUsd: PicoUsd;
  /** What it gave to later windows; undefined: nothing yet. */
  carriedOutPicoUsd: PicoUsd | undefined;
  /** The window begun last, which gets what settles below its hold in this one. Set where carriedOut is. */
  successor: Window | undefined;
  /** A raise of the limit that holds at this moment. */
  raisedPicoUsd: PicoUsd;
  postedPicoUsd: PicoUsd;
  heldPicoUsd: PicoUsd;
  grantedPicoUsd: PicoUsd;
  /** Until then nobody gets credit ahead of need, by Postgres time; 0: it was not stopped. */
  noCreditUntilMs: number;
  /** True: this batch has set it. */
  isCreditStopped: boolean;
  /** Set for a rolling window. */
  rolling: Rolling | undefined;
  /** What this batch posted in it, net of corrections. */
  spentNow: bigint;
  change: Change;
}

/** A counter that its organisation has no room for. */
export interface UnmadeCounter {
  name: string;
  templateValue: string;
  unit: Unit;
  enforcement: Enforcement;
  limitPicoUsd: PicoUsd;
}

/**
 * A grant's modes: `open` -> `closed` (the holder named the total) or `reaped` (nothing more can come).
 * `restored`: Postgres did not know it when a line named it; it counts only what is debited.
 */
export type GrantState = "open" | "closed" | "reaped" | "restored";

export interface Grant {
  grantId: string;
  holder: string;
  budgetId: string;
  windowId: bigint;
  amountPicoUsd: PicoUsd;
  capPicoUsd: PicoUsd;
  debitedPicoUsd: PicoUsd;
  state: GrantState;
  grantedAtMs: number;
  expiresAtMs: number;
  lastHoldEndsAtMs: number;
  /** Set aside for when nobody can be asked. */
  isReserve: boolean;
  change: Change;
}

/** Of one window: what its budget allows while nobody can be asked, and how much of that routers have by now. */
export interface ReserveState {
  allowancePicoUsd: PicoUsd;
  outPicoUsd: PicoUsd;
  /** Among so many routers it is divided. */
  holders: number;
}

/** One line of what an attempt may cost. The lines of one attempt and holder are settled together. */
export interface Hold {
  attemptId: string;
  holder: string;
  budgetId: string;
  grantId: string;
  windowId: bigint;
  amountPicoUsd: PicoUsd;
  postedPicoUsd: PicoUsd;
  /** In a rolling window: from when its cost counts, the end of its grant or when it was placed. */
  countsFromMs: number | undefined;
  placedAtMs: number;
  expiresAtMs: number;
  settledAtMs: number | undefined;
  /** What a record can be written from if none ever comes; kept while the line is open. */
  message: Uint8Array | undefined;
  change: Change;
}

export interface SettledRecord {
  recordId: string;
  attemptId: string;
  ordinal: number;
  source: RecordSourceName;
  revision: number;
  outcome: string;
  costPicoUsd: PicoUsd;
  costKnown: boolean;
  /** Input and output together; undefined: nothing better is known than what was held. */
  tokens: bigint | undefined;
  change: Change;
}

/** One call of a session, for whoever looks for sessions that run away. */
export interface SessionCall extends Caller {
  attemptId: string;
  costPicoUsd: PicoUsd;
  budgetIds: readonly string[];
}

/** Something that should not happen and that a person should see; the batch goes on. */
export interface Contradiction {
  what: "grant_restored" | "grant_overdrawn" | "closing_unknown_grant" | "closing_after_reap";
  grantId: string;
}

export class Books {
  readonly windows = new Map<bigint, Window>();
  /** Budget id -> the window that is current by Postgres time. */
  readonly currentWindows = new Map<string, bigint>();
  /** Budget id -> what is known of a counter that could not be made. */
  readonly unmade = new Map<string, UnmadeCounter>();
  readonly grants = new Map<string, Grant>();
  /** Of windows for which a reserve is asked. */
  readonly reserves = new Map<bigint, ReserveState>();
  readonly #holds = new Map<string, Hold[]>();
  readonly #records = new Map<string, SettledRecord[]>();
  readonly contradictions: Contradiction[] = [];
  /** Calls of sessions that this batch books. */
  readonly sessionCalls: SessionCall[] = [];
  /** What people are to be told of this batch. */
  readonly alerts: Alert[] = [];

  currentWindow(budgetId: string): Window | undefined {
    const id = this.currentWindows.get(budgetId);
    return id === undefined ? undefined : this.windows.get(id);
  }

  holdsOf(attemptId: string): readonly Hold[] {
    return this.#holds.get(attemptId) ?? [];
  }

  recordsOf(attemptId: string): readonly SettledRecord[] {
    return this.#records.get(attemptId) ?? [];
  }

  /** Takes a hold as read, or a new one; the window's counter is the caller's business. */
  putHold(hold: Hold): void {
    const known = this.#holds.get(hold.attemptId);
    if (known) known.push(hold);
    else this.#holds.set(hold.attemptId, [hold]);
  }

  putRecord(record: SettledRecord): void {
    const known = this.#records.get(record.attemptId);
    if (known) known.push(record);
    else this.#records.set(record.attemptId, [record]);
  }

  *holds(): Iterable<Hold> {
    for (const holds of this.#holds.values()) yield* holds;
  }

  /** The lines of each attempt. */
  attempts(): Iterable<readonly Hold[]> {
    return this.#holds.values();
  }

  *records(): Iterable<SettledRecord> {
    for (const records of this.#records.values()) yield* records;
  }

  findHold(attemptId: string, holder: string, budgetId: string, grantId: string): Hold | undefined {
    return this.holdsOf(attemptId).find(
      (hold) => hold.holder === holder && hold.budgetId === budgetId && hold.grantId === grantId,
    );
  }

  /** The window of a row that was read together with it. Its absence is an error of the reader, not of the caller. */
  windowOf(row: { windowId: bigint }): Window {
    const window = this.windows.get(row.windowId);
    if (!window) throw new Error(`window ${row.windowId} was not read`);
    return window;
  }

  /** Why a line cannot belong to these books, or undefined. */
  problemOf(line: Line): string | undefined {
    const window = this.windows.get(line.windowId);
    if (window?.budgetId !== line.budgetId) return `budget ${line.budgetId} has no window ${line.windowId}`;
    const grant = line.grantId === "" ? undefined : this.grants.get(line.grantId);
    if (grant && grant.windowId !== line.windowId) return `grant ${line.grantId} is not of window ${line.windowId}`;
    return undefined;
  }
}

/** What may still be cut from a grant, or is cut and not journaled yet. */
export function restOfGrant(grant: Grant): PicoUsd {
  return grant.capPicoUsd > grant.debitedPicoUsd ? grant.capPicoUsd - grant.debitedPicoUsd : 0n;
}

/** Changes a grant and carries the difference of its rest into its window. */
export function changeGrant(books: Books, grant: Grant, change: (grant: Grant) => void): void {
  const before = restOfGrant(grant);
  change(grant);
  if (grant.change === "none") grant.change = "update";
  move(books.windowOf(grant), "grantedPicoUsd", restOfGrant(grant) - before);
}

/** More than the limit, until then. */
export interface Raise {
  byPicoUsd: PicoUsd;
  /** Unix milliseconds; 0: there is none. */
  untilMs: number;
}

/** What of a window depends on the time: a raise that is over is gone, and spend that is too old has left. */
export function bringUpToDate(window: Window, { byPicoUsd, untilMs }: Raise, nowMs: number): void {
  window.raisedPicoUsd = nowMs < untilMs ? byPicoUsd : 0n;
  if (window.rolling) move(window, "postedPicoUsd", -age(window.rolling, nowMs));
}

/** Adds to one counter of a window. Where its rest went on to later windows, the change does too. */
export function move(
  window: Window,
  counter: "postedPicoUsd" | "heldPicoUsd" | "grantedPicoUsd",
  difference: PicoUsd,
): void {
  if (difference === 0n) return;
  window[counter] += difference;
  window.change = "update";
  const { successor, carriedOutPicoUsd: before } = window;
  if (!successor || before === undefined) return;
  window.carriedOutPicoUsd = unspentOf(window);
  successor.carriedInPicoUsd += window.carriedOutPicoUsd - before;
  successor.change = "update";
}

/** Credit stays stopped for so long at least after a hold that did not fit; whoever calls it back can rely on that. */
export const CREDIT_STOPPED_MS = 2_000;

/**
 * No credit ahead of need for a while: what is called back for one must not be given to another before the first one is decided. Lasts
 * twice as long as is promised, so that not every hold has to write it down anew.
 */
export function stopCredit(window: Window, nowMs: number): void {
  if (window.noCreditUntilMs >= nowMs + CREDIT_STOPPED_MS) return;
  window.noCreditUntilMs = nowMs + 2 * CREDIT_STOPPED_MS;
  window.isCreditStopped = true;
}

/** Makes a hold carry so much as posted. What has left a rolling window changes its counter no more. */
export function post(window: Window, hold: Hold, cost: PicoUsd): void {
  const difference = cost - hold.postedPicoUsd;
  if (difference === 0n) return;
  hold.postedPicoUsd = cost;
  if (hold.change === "none") hold.change = "update";
  window.spentNow += difference;
  if (window.rolling && !addSpend(window.rolling, hold.countsFromMs ?? hold.placedAtMs, difference)) return;
  move(window, "postedPicoUsd", difference);
}
