// The rows that one batch touches, as read under the locks of their windows, and the only functions that move money
// between them. Kept true by every function here, for each window:
//   held    = sum of the amounts of its open holds
//   granted = sum over its grants of max(0, cap - debited)
//   posted  = sum of what its holds carry as posted
import type { PicoUsd, RecordSourceName } from "@waybill/domain";
import type { Line, Standing, Unit } from "./operation.ts";

/** What has to be written for a row when the batch is done. */
export type Change = "none" | "insert" | "update";

export interface Window {
  id: bigint;
  budgetId: string;
  budgetName: string;
  maxSharePercent: number;
  unit: Unit;
  startsAtMs: number;
  /** Undefined: never. */
  endsAtMs: number | undefined;
  limitPicoUsd: PicoUsd;
  postedPicoUsd: PicoUsd;
  heldPicoUsd: PicoUsd;
  grantedPicoUsd: PicoUsd;
  change: Change;
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
  change: Change;
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
  outcome: string;
  costPicoUsd: PicoUsd;
  costKnown: boolean;
  change: Change;
}

/** Something that should not happen and that a person should see; the batch goes on. */
export interface Alert {
  what: "grant_restored" | "grant_overdrawn" | "closing_unknown_grant" | "closing_after_reap";
  grantId: string;
}

export class Books {
  readonly windows = new Map<bigint, Window>();
  /** Budget id -> the window that is current by Postgres time. */
  readonly currentWindows = new Map<string, bigint>();
  readonly grants = new Map<string, Grant>();
  readonly #holds = new Map<string, Hold[]>();
  readonly #records = new Map<string, SettledRecord[]>();
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

/** What could be given now. Negative once more was spent than the limit. */
export function restOf(window: Window): PicoUsd {
  return window.limitPicoUsd - window.postedPicoUsd - window.heldPicoUsd - window.grantedPicoUsd;
}

/** The window's counters at this moment. */
export function standingOf(window: Window): Standing {
  const { budgetId, limitPicoUsd, postedPicoUsd, heldPicoUsd, grantedPicoUsd, endsAtMs } = window;
  const counters = { limitPicoUsd, postedPicoUsd, heldPicoUsd, grantedPicoUsd };
  return { budgetId, windowId: window.id, ...counters, resetsAtMs: endsAtMs };
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

/** Adds to one counter of a window. */
export function move(
  window: Window,
  counter: "postedPicoUsd" | "heldPicoUsd" | "grantedPicoUsd",
  difference: PicoUsd,
): void {
  if (difference === 0n) return;
  window[counter] += difference;
  window.change = "update";
}
