// Decides a whole batch against the books, one operation after the other.
import type { Books } from "./books.ts";
import { closeGrant, reapGrant } from "./end-grant.ts";
import { giveGrant } from "./give-grant.ts";
import { releaseHolds } from "./hold-line.ts";
import { journalAttempt } from "./journal-attempt.ts";
import type { Answer, Operation } from "./operation.ts";
import { placeHold } from "./place-hold.ts";
import { settleRecord } from "./settle-record.ts";

/**
 * Answers every operation, in the order given; the books hold what has to be written. Facts go first, because they are
 * true whatever is decided and may make room; then exact holds, which somebody waits for with nothing in hand; then grants.
 */
export function applyBatch(books: Books, operations: readonly Operation[], nowMs: number): Answer[] {
  const answers: Answer[] = new Array(operations.length);
  for (const turn of ["fact", "hold", "grant"] as const) {
    for (const [index, operation] of operations.entries()) {
      if (turnOf(operation) === turn) answers[index] = apply(books, operation, nowMs);
    }
  }
  return answers;
}

function turnOf({ kind }: Operation): "fact" | "hold" | "grant" {
  // A withdrawal comes after the hold that it withdraws, also where both are in one batch.
  if (kind === "place_hold" || kind === "withdraw_hold") return "hold";
  return kind === "ask_grant" ? "grant" : "fact";
}

function apply(books: Books, operation: Operation, nowMs: number): Answer {
  switch (operation.kind) {
    case "settle_record":
      return settleRecord(books, operation, nowMs);
    case "journal_attempt":
      return journalAttempt(books, operation, nowMs);
    case "close_grant":
      return closeGrant(books, operation);
    case "reap_grant":
      return reapGrant(books, operation, nowMs);
    case "release_attempt":
      // Without a record nobody knows what the attempt cost: it stays held.
      if (books.recordsOf(operation.attemptId).length === 0) return { kind: "done", changed: false };
      return { kind: "done", changed: releaseHolds(books, operation.attemptId, nowMs) };
    case "place_hold":
      return placeHold(books, operation, nowMs);
    case "withdraw_hold":
      return { kind: "done", changed: releaseHolds(books, operation.attemptId, nowMs, operation.holder) };
    case "ask_grant":
      return giveGrant(books, operation, nowMs);
  }
}
