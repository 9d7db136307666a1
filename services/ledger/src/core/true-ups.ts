// True-ups: differences between invoice and books that somebody approved, each in a month of the books that is open.
import type { PicoUsd } from "@waybill/domain";
import { accountingMonth } from "./months.ts";

/** A row of the comparison that differs. */
export interface Difference {
  /** UTC, "2026-10-03". */
  day: string;
  account: string;
  model: string;
  cause: string;
  invoicedPicoUsd: PicoUsd;
  bookedPicoUsd: PicoUsd;
  /** Invoiced, less booked, less what was trued up before; never 0. */
  differencePicoUsd: PicoUsd;
}

export interface TrueUp extends Omit<Difference, "differencePicoUsd"> {
  /** Stable: what is booked for it is booked once. */
  id: string;
  /** What is owed beyond the books; below zero: less. */
  amountPicoUsd: PicoUsd;
  /** "2026-11-01": that of the day, or where it is closed, the first that is open. */
  accountingMonth: string;
}

/** `closedUntil`: the latest closed month, "2026-10-01". */
export function planTrueUps(
  differences: readonly Difference[],
  closedUntil: string | undefined,
  makeId: () => string,
): TrueUp[] {
  return differences.map(({ differencePicoUsd, ...difference }) => ({
    ...difference,
    id: makeId(),
    amountPicoUsd: differencePicoUsd,
    accountingMonth: accountingMonth(`${difference.day.slice(0, 7)}-01`, closedUntil),
  }));
}

export function sumOfDifferences(differences: readonly Difference[]): PicoUsd {
  return differences.reduce((sum, { differencePicoUsd }) => sum + differencePicoUsd, 0n);
}
