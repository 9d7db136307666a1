// One line of a hold: put in the books once, whoever tells of it first - the exact hold itself, the journal or the record.
import { type Books, changeGrant, type Grant, type Hold, move } from "./books.ts";
import type { Line } from "./operation.ts";
import { countableMs } from "./rolling.ts";

/** Whose line it is, and how long it may stay open. */
export interface LineOwner {
  attemptId: string;
  holder: string;
  expiresAtMs: number;
  /** See Hold; undefined: known from a record. */
  message?: Uint8Array;
}

/**
 * Puts the line in the books unless it is there. It opens as held, or as settled when the attempt has a record already;
 * a line cut from a grant debits it, so that the money moves from granted to held. `line` must belong to the books.
 */
export function addLine(books: Books, owner: LineOwner, line: Line, nowMs: number, settled: boolean): Hold {
  const { attemptId, holder, expiresAtMs, message } = owner;
  const known = books.findHold(attemptId, holder, line.budgetId, line.grantId);
  if (known) return known;
  const window = books.windowOf(line);
  const grant =
    line.grantId === "" ? undefined : (books.grants.get(line.grantId) ?? restoreGrant(books, holder, line, nowMs));
  if (grant) debit(books, grant, line);
  const hold: Hold = {
    attemptId,
    holder,
    budgetId: line.budgetId,
    grantId: line.grantId,
    windowId: window.id,
    amountPicoUsd: line.amountPicoUsd,
    postedPicoUsd: 0n,
    countsFromMs: window.rolling && countableMs(window.rolling, grant?.expiresAtMs ?? nowMs),
    placedAtMs: nowMs,
    expiresAtMs,
    settledAtMs: settled ? nowMs : undefined,
    message: settled ? undefined : message,
    change: "insert",
  };
  books.putHold(hold);
  if (!settled) move(window, "heldPicoUsd", hold.amountPicoUsd);
  return hold;
}

/** Gives back everything that is still held under the attempt, of one holder or of all; true when something was. */
export function releaseHolds(books: Books, attemptId: string, nowMs: number, holder?: string): boolean {
  let released = false;
  for (const hold of books.holdsOf(attemptId)) {
    if (hold.settledAtMs !== undefined || (holder !== undefined && hold.holder !== holder)) continue;
    hold.settledAtMs = nowMs;
    hold.message = undefined;
    if (hold.change === "none") hold.change = "update";
    move(books.windowOf(hold), "heldPicoUsd", -hold.amountPicoUsd);
    released = true;
  }
  return released;
}

function debit(books: Books, grant: Grant, line: Line): void {
  changeGrant(books, grant, () => {
    grant.debitedPicoUsd += line.amountPicoUsd;
  });
  if (grant.state !== "restored" && grant.debitedPicoUsd > grant.capPicoUsd) {
    books.contradictions.push({ what: "grant_overdrawn", grantId: grant.grantId });
  }
}

/** A grant that Postgres does not know (its commit was lost with a failed server) counts what is debited, never more. */
function restoreGrant(books: Books, holder: string, line: Line, nowMs: number): Grant {
  const grant: Grant = {
    grantId: line.grantId,
    holder,
    budgetId: line.budgetId,
    windowId: line.windowId,
    amountPicoUsd: 0n,
    capPicoUsd: 0n,
    debitedPicoUsd: 0n,
    state: "restored",
    grantedAtMs: nowMs,
    expiresAtMs: nowMs,
    lastHoldEndsAtMs: nowMs,
    isReserve: false,
    change: "insert",
  };
  books.grants.set(grant.grantId, grant);
  books.contradictions.push({ what: "grant_restored", grantId: grant.grantId });
  return grant;
}
