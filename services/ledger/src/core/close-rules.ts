// When a month of the books may be closed.
import { type PicoUsd, WaybillError } from "@waybill/domain";

/** What is booked in a month. */
export interface MonthSums {
  /** Its first day, "2026-11-01". */
  month: string;
  isClosed: boolean;
  requests: bigint;
  attempts: bigint;
  unpricedAttempts: bigint;
  /** Attempts whose price is unknown, without those that a correction of another month takes back. */
  waitingAttempts: bigint;
  /** Without what has no price. */
  costPicoUsd: PicoUsd;
}

export interface CloseRefusal {
  code: "already_exists" | "in_use";
  /** What has to be done first. */
  sentence: string;
}

/** "2026-11" as "2026-11-01"; throws invalid_value. */
export function readMonth(text: string): string {
  if (/^20[2-9]\d-(0[1-9]|1[0-2])$/.test(text)) return `${text}-01`;
  throw new WaybillError("invalid_value", { publicMessage: "A month is written as 2026-11.", param: "month" });
}

/** "2026-11-01" as "2026-11". */
export function monthText(month: string): string {
  return month.slice(0, 7);
}

/** Undefined: it may. `months` in order. */
export function mayClose(
  month: string,
  currentMonth: string,
  months: readonly MonthSums[],
  acceptUnpriced: boolean,
): CloseRefusal | undefined {
  const name = monthText(month);
  const found = months.find((one) => one.month === month);
  if (found?.isClosed) return { code: "already_exists", sentence: `${name} is closed already.` };
  if (month >= currentMonth) return { code: "in_use", sentence: `${name} is not over yet (UTC).` };
  const later = months.find((one) => one.month > month && one.isClosed);
  if (later)
    return { code: "already_exists", sentence: `The books are closed until ${monthText(later.month)} already.` };
  const earlier = months.findLast((one) => one.month < month);
  if (earlier && !earlier.isClosed)
    return { code: "in_use", sentence: `Close ${monthText(earlier.month)} first: months are closed in order.` };
  const unpriced = found?.waitingAttempts ?? 0n;
  if (unpriced > 0n && !acceptUnpriced) {
    const what = unpriced === 1n ? "1 attempt has" : `${unpriced} attempts have`;
    const sentence = `${what} no price yet in ${name}. Save the price, or accept that their cost is booked in a later month.`;
    return { code: "in_use", sentence };
  }
  return undefined;
}
