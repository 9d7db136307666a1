// Whether the counters of a window are what holds, grants and settled records add up to.
import { effectiveRecord, type RankedRecord } from "@waybill/domain";
import type { Unit } from "./operation.ts";

/** A window's counters as they stand, and recomputed. */
export interface WindowSums {
  budgetId: string;
  windowId: bigint;
  startsAtMs: number;
  unit: Unit;
  posted: Sum;
  held: Sum;
  granted: Sum;
}

interface Sum {
  found: bigint;
  expected: bigint;
}

/** What one attempt's lines carry as posted, by window, and every record of it. */
export interface PostedAttempt {
  attemptId: string;
  records: readonly RankedRecord[];
  windows: readonly { budgetId: string; windowId: bigint; startsAtMs: number; unit: Unit; posted: bigint }[];
}

export interface Difference extends Sum {
  budgetId: string;
  windowId: bigint;
  startsAtMs: number;
  unit: Unit;
  what: "posted" | "held" | "granted" | "record";
  /** Of a record, else empty. */
  attemptId: string;
}

export function checkWindow({ posted, held, granted, ...window }: WindowSums): Difference[] {
  const sums = { posted, held, granted };
  return (["posted", "held", "granted"] as const)
    .filter((what) => sums[what].found !== sums[what].expected)
    .map((what) => ({ ...window, ...sums[what], what, attemptId: "" }));
}

/**
 * The record that stands says what an attempt has cost, and each money window that it names carries just that. A window that only
 * an earlier holder's lines name carries nothing. Of tokens and requests the records keep no count: only that what was free is 0.
 */
export function checkAttempt({ attemptId, records, windows }: PostedAttempt): Difference[] {
  const standing = effectiveRecord(records);
  if (!standing) return windows.filter(({ posted }) => posted !== 0n).map((window) => differ(window, attemptId, 0n));
  const money = windows.filter(({ unit }) => unit === "usd");
  const cost = standing.costPicoUsd;
  const differences = money
    .filter(({ posted }) => posted !== 0n && posted !== cost)
    .map((w) => differ(w, attemptId, cost));
  // Somebody held it for this record; where nothing carries its cost it was lost.
  if (differences.length === 0 && money.every(({ posted }) => posted === 0n)) {
    differences.push(...money.slice(0, cost === 0n ? 0 : 1).map((window) => differ(window, attemptId, cost)));
  }
  if (standing.outcome !== "failed_free") return differences;
  const counted = windows.filter(({ unit, posted }) => unit !== "usd" && posted !== 0n);
  return [...differences, ...counted.map((window) => differ(window, attemptId, 0n))];
}

function differ(
  { posted, ...window }: PostedAttempt["windows"][number],
  attemptId: string,
  expected: bigint,
): Difference {
  return { ...window, what: "record", attemptId, found: posted, expected };
}
