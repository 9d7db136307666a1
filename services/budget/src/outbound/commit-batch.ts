// One batch, one transaction: lock the windows, read, decide, write, commit. Any number of processes may do this at
// once; the row locks make them take turns, and every answer is given after its commit.
import { type Pool, sqlState, transact } from "@waybill/store";
import { applyBatch } from "../core/apply-batch.ts";
import type { Contradiction } from "../core/books.ts";
import { countersOf, needsOf } from "../core/needs.ts";
import type { Answer, Operation } from "../core/operation.ts";
import { findCurrentWindows } from "./current-windows.ts";
import type { LimitCounters } from "./limit-counters.ts";
import { readBooks, WindowsMissing, windowsOfGrants } from "./read-books.ts";
import { readReserves } from "./read-reserves.ts";
import { writeBooks } from "./write-books.ts";

export interface CommitBatchOptions {
  pool: Pool;
  limits: LimitCounters;
  failpoint(name: string): void;
  onContradiction(contradiction: Contradiction): void;
}

/** Each round locks what the round before found missing; more would mean that rows appear faster than they are read. */
const ROUNDS_MAX = 5;

/** Carries out a batch and answers it. Throws when nothing of it happened, or when nobody can know: then do it again. */
export async function commitBatch(
  { pool, limits, failpoint, onContradiction }: CommitBatchOptions,
  operations: readonly Operation[],
): Promise<readonly Answer[]> {
  const needs = needsOf(operations);
  const current = await findCurrentWindows(pool, needs.budgetIds, countersOf(operations), limits);
  const windowIds = new Set([
    ...needs.windowIds,
    ...current.windows.values(),
    ...(await windowsOfGrants(pool, needs.grantIds)),
  ]);
  const reserveWindows = operations.flatMap((operation) => {
    const isReserve = operation.kind === "ask_grant" && operation.isReserve === true;
    return isReserve ? (current.windows.get(operation.budgetId) ?? []) : [];
  });
  const settles = operations.some(({ kind }) => kind === "settle_record");
  for (let round = 1; ; round += 1) {
    try {
      const { answers, contradictions } = await transact(
        pool,
        async (client) => {
          const { books, nowMs } = await readBooks(client, needs, windowIds);
          for (const [budgetId, windowId] of current.windows) books.currentWindows.set(budgetId, windowId);
          for (const [budgetId, counter] of current.unmade) books.unmade.set(budgetId, counter);
          for (const [id, reserve] of await readReserves(client, reserveWindows)) books.reserves.set(id, reserve);
          const answers = applyBatch(books, operations, nowMs);
          await writeBooks(client, books, nowMs);
          if (settles) failpoint("settle_before_commit");
          failpoint("before_commit");
          return { answers, contradictions: books.contradictions };
        },
        { retryOnUniqueViolation: true },
      );
      failpoint("after_commit_before_answer");
      for (const contradiction of contradictions) onContradiction(contradiction);
      return answers;
    } catch (error) {
      if (!(error instanceof WindowsMissing) || round === ROUNDS_MAX) throw error;
      for (const id of error.windowIds) windowIds.add(id);
    }
  }
}

/** Data exceptions and violated constraints: the statement is at fault, not the moment. */
export function isHopeless(error: unknown): boolean {
  const state = sqlState(error) ?? "";
  return state.startsWith("22") || state.startsWith("23");
}
