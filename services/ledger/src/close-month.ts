// THE STORY: a month of the books is closed, once and for ever. What comes for it later is booked in the next month that is open.
import { WaybillError } from "@waybill/domain";
import { type MonthSums, mayClose, readMonth } from "./core/close-rules.ts";

/** A transaction in which nobody books. */
interface ClosingBooks {
  /** The first day of the month in which it is now, by the database's clock, UTC. */
  currentMonth: string;
  /** Every month that has something booked in it or is closed, in order. */
  months: readonly MonthSums[];
  close(month: MonthSums, by: string, reason: string): Promise<void>;
}

export interface CloseMonthPorts {
  /** Runs `work` in one transaction under the lock of those who book, and commits. */
  whileNobodyBooks<T>(work: (books: ClosingBooks) => Promise<T>): Promise<T>;
}

export interface CloseMonth {
  /** "2026-11" */
  month: string;
  by: string;
  reason: string;
  /** Close it although the price of some attempts is unknown. */
  acceptUnpriced: boolean;
}

/** Returns the sums it was closed with. Throws invalid_value, already_exists, or in_use with what has to be done first. */
export async function closeMonth(ports: CloseMonthPorts, wish: CloseMonth): Promise<MonthSums> {
  const month = readMonth(wish.month);
  return ports.whileNobodyBooks(async (books) => {
    const refusal = mayClose(month, books.currentMonth, books.months, wish.acceptUnpriced);
    if (refusal) throw new WaybillError(refusal.code, { publicMessage: refusal.sentence, param: "month" });
    const sums = books.months.find((one) => one.month === month) ?? nothingBooked(month);
    await books.close(sums, wish.by, wish.reason);
    return sums;
  });
}

function nothingBooked(month: string): MonthSums {
  return {
    month,
    isClosed: false,
    requests: 0n,
    attempts: 0n,
    unpricedAttempts: 0n,
    waitingAttempts: 0n,
    costPicoUsd: 0n,
  };
}
