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
  records: readonly (RankedRecord & { tokens: bigint | undefined })[];
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
 * The record that stands says what an attempt has cost and counted, and each window that it names carries just that, in the window's
 * unit. A window that only an earlier holder's lines name carries nothing. Where nothing better is known than what was held, no count
 * can be expected.
 */
export function checkAttempt({ attemptId, records, windows }: PostedAttempt): Difference[] {
  const standing = effectiveRecord(records);
  if (!standing) return windows.filter(({ posted }) => posted !== 0n).map((window) => differ(window, attemptId, 0n));
  const { outcome, tokens, costPicoUsd } = standing;
  const isFree = outcome === "failed_free";
  const expected: Readonly<Record<Unit, bigint | undefined>> = {
    usd: costPicoUsd,
    tokens: isFree ? 0n : tokens,
    requests: isFree ? 0n : tokens === undefined ? undefined : 1n,
  };
  return (["usd", "tokens", "requests"] as const).flatMap((unit) => {
    const amount = expected[unit];
    const counted = windows.filter((window) => window.unit === unit);
    return amount === undefined ? [] : differencesFrom(amount, counted, attemptId);
  });
}

function differencesFrom(amount: bigint, windows: PostedAttempt["windows"], attemptId: string): Difference[] {
  const differences = windows
    .filter(({ posted }) => posted !== 0n && posted !== amount)
    .map((window) => differ(window, attemptId, amount));
  // Somebody held it for this record; where nothing carries it, it was lost.
  if (differences.length === 0 && amount !== 0n && windows.every(({ posted }) => posted === 0n)) {
    differences.push(...windows.slice(0, 1).map((window) => differ(window, attemptId, amount)));
  }
  return differences;
}

function differ(
  { posted, ...window }: PostedAttempt["windows"][number],
  attemptId: string,
  expected: bigint,
): Difference {
  return { ...window, what: "record", attemptId, found: posted, expected };
}
