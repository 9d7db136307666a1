// A line of a hold as it is kept in a JSON column. Amounts and window ids are decimal text: JSON numbers are floats.
import type { Hold } from "../core/books.ts";
import type { Line } from "../core/operation.ts";

export interface StoredLine {
  budget: string;
  window: string;
  grant: string;
  amount: string;
  posted: string;
  /** In a rolling window: from when its cost counts, in Unix milliseconds. */
  from?: number;
}

export function toStoredLines(holds: readonly Hold[]): string {
  return JSON.stringify(
    holds.map(
      (hold): StoredLine => ({
        budget: hold.budgetId,
        window: String(hold.windowId),
        grant: hold.grantId,
        amount: String(hold.amountPicoUsd),
        posted: String(hold.postedPicoUsd),
        ...(hold.countsFromMs !== undefined && { from: hold.countsFromMs }),
      }),
    ),
  );
}

export function fromStoredLine(line: StoredLine): Line & { postedPicoUsd: bigint; countsFromMs: number | undefined } {
  return {
    budgetId: line.budget,
    windowId: BigInt(line.window),
    grantId: line.grant,
    amountPicoUsd: BigInt(line.amount),
    postedPicoUsd: BigInt(line.posted),
    countsFromMs: line.from,
  };
}
