// A usage record turns what was held into what was spent, once. What is spent is counted in the unit of each budget.
import { outranks, type PicoUsd } from "@waybill/domain";
import { overHoldAlert, priceUnknownAlert } from "./alert.ts";
import { type Books, post, type SettledRecord, type Window } from "./books.ts";
import { addLine, releaseHolds } from "./hold-line.ts";
import type { Answer, SettleRecord } from "./operation.ts";

/**
 * Posts the difference between what stood before this record and what stands with it, and releases everything held
 * under the attempt. The record names the lines, so that it settles right even when the journal never told of them.
 */
export function settleRecord(books: Books, record: SettleRecord, nowMs: number): Answer {
  const before = books.recordsOf(record.attemptId);
  if (before.some(({ recordId }) => recordId === record.recordId)) {
    return { kind: "settled", repeated: true, overHoldPicoUsd: 0n };
  }
  for (const line of record.lines) {
    const problem = books.problemOf(line);
    if (problem !== undefined) return { kind: "impossible", reason: problem };
  }
  const owner = { attemptId: record.attemptId, holder: record.holder, expiresAtMs: nowMs };
  for (const line of record.lines) addLine(books, owner, line, nowMs, true);
  releaseHolds(books, record.attemptId, nowMs);
  const stands = before.every((other) => outranks(record, other));
  books.putRecord(rowOf(record, before.length + 1));
  // A revision without lines came too late for its budgets: what was held is forgotten, or about to be.
  const isForBooksOnly = record.revision > 0 && record.lines.length === 0;
  if (!stands || isForBooksOnly) return { kind: "settled", repeated: false, overHoldPicoUsd: 0n };
  postAnew(books, record);
  noteCall(books, record);
  if (record.unpriced) books.alerts.push(priceUnknownAlert(record.unpriced, record.attemptId, nowMs));
  return { kind: "settled", repeated: false, overHoldPicoUsd: tellOverHold(books, record, nowMs) };
}

/** Once for each attempt: of what its worker says. */
function noteCall(books: Books, { source, caller, attemptId, costPicoUsd, lines }: SettleRecord): void {
  if (!caller || source !== "worker") return;
  const budgetIds = [...new Set(lines.map(({ budgetId }) => budgetId))];
  books.sessionCalls.push({ ...caller, attemptId, costPicoUsd, budgetIds });
}

/** Takes back what an earlier record posted and posts this one's cost, once per window of its lines. */
function postAnew(books: Books, record: SettleRecord): void {
  const posted = new Set<bigint>();
  const carriers = new Set<string>();
  for (const { budgetId, windowId, grantId } of record.lines) {
    if (posted.has(windowId)) continue;
    posted.add(windowId);
    carriers.add(key(record.holder, budgetId, grantId));
  }
  for (const hold of books.holdsOf(record.attemptId)) {
    const carries = carriers.has(key(hold.holder, hold.budgetId, hold.grantId));
    const window = books.windowOf(hold);
    const cost = carries ? spent(record, window) : 0n;
    post(window, hold, cost);
  }
}

/** Where nothing better is known than what was held, that is what counts. */
function spent(record: SettleRecord, { id, unit }: Window): bigint {
  if (unit === "usd") return record.costPicoUsd;
  if (record.outcome === "failed_free") return 0n;
  if (!record.isWorstCase) return unit === "requests" ? 1n : record.tokens;
  return record.lines.reduce((sum, { windowId, amountPicoUsd }) => (windowId === id ? sum + amountPicoUsd : sum), 0n);
}

const key = (holder: string, budgetId: string, grantId: string): string => `${holder}\n${budgetId}\n${grantId}`;

/**
 * By how much the cost exceeds what was held on the hard money budget that was held least; others hold less than the worst case. That
 * budget has an alert of it, once an hour.
 */
function tellOverHold(books: Books, { lines, costPicoUsd, attemptId }: SettleRecord, nowMs: number): PicoUsd {
  const held = new Map<Window, PicoUsd>();
  for (const line of lines) {
    const window = books.windowOf(line);
    if (window.unit !== "usd" || window.enforcement !== "hard") continue;
    held.set(window, (held.get(window) ?? 0n) + line.amountPicoUsd);
  }
  const [least] = [...held].sort(([, one], [, other]) => (one < other ? -1 : one > other ? 1 : 0));
  if (!least || costPicoUsd <= least[1]) return 0n;
  const over = costPicoUsd - least[1];
  if (least[0].isWatched) books.alerts.push(overHoldAlert(least[0], { attemptId, cost: costPicoUsd, over }, nowMs));
  return over;
}

function rowOf(record: SettleRecord, ordinal: number): SettledRecord {
  const { recordId, attemptId, source, revision, outcome, costPicoUsd, costKnown, isWorstCase } = record;
  const tokens = isWorstCase ? undefined : record.tokens;
  const cost = { outcome, costPicoUsd, costKnown, tokens };
  return { recordId, attemptId, ordinal, source, revision, ...cost, change: "insert" };
}
