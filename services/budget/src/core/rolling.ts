// A rolling window's spend by age. It is kept in buckets of a sixtieth of the length, on the window's own row, so that nothing scans
// history: a bucket leaves as a whole, when all of it is older than the window is long. Spend leaves never too early, and at most
// one bucket late.
import type { PicoUsd } from "@waybill/domain";

const BUCKETS = 60;
/** Shorter grants would be renewed too often. */
const GRANT_LIFE_MS_MIN = 1_000;

export interface Rolling {
  readonly lengthMs: number;
  /** The number of the oldest bucket that counts; it never goes back, whatever a clock does. */
  first: number;
  readonly byBucket: Map<number, PicoUsd>;
}

export function bucketMs({ lengthMs }: Rolling): number {
  return Math.ceil(lengthMs / BUCKETS);
}

/** What is held counts from the grant's end, so grants on a short window are short: a bucket, but at least a second. */
export function grantLifeMsMax(rolling: Rolling): number {
  return Math.max(GRANT_LIFE_MS_MIN, bucketMs(rolling));
}

/** Drops the buckets that are too old and returns what left with them. */
export function age(rolling: Rolling, nowMs: number): PicoUsd {
  rolling.first = Math.max(rolling.first, Math.floor((nowMs - rolling.lengthMs) / bucketMs(rolling)));
  let left = 0n;
  for (const [bucket, amount] of rolling.byBucket) {
    if (bucket >= rolling.first) continue;
    left += amount;
    rolling.byBucket.delete(bucket);
  }
  return left;
}

/** A moment from which spend can count: never one that has left already, as a clock that was set back would have it. */
export function countableMs(rolling: Rolling, atMs: number): number {
  return Math.max(atMs, rolling.first * bucketMs(rolling));
}

/** Adds spend that counts from a moment; false when that has left already, so that it changes nothing any more. */
export function addSpend(rolling: Rolling, fromMs: number, amount: PicoUsd): boolean {
  const bucket = Math.floor(fromMs / bucketMs(rolling));
  if (bucket < rolling.first) return false;
  rolling.byBucket.set(bucket, (rolling.byBucket.get(bucket) ?? 0n) + amount);
  return true;
}

/** When so much spend will have left, in Unix milliseconds; undefined: there is not that much. */
export function leavesAtMs(rolling: Rolling, amount: PicoUsd): number | undefined {
  let left = 0n;
  for (const [bucket, spent] of [...rolling.byBucket].sort(([a], [b]) => a - b)) {
    left += spent;
    if (spent > 0n && left >= amount) return (bucket + 1) * bucketMs(rolling) + rolling.lengthMs;
  }
  return undefined;
}

/** The buckets from `first` on, for the row. */
export function toStoredBuckets({ first, byBucket }: Rolling): PicoUsd[] {
  const last = Math.max(first - 1, ...byBucket.keys());
  return Array.from({ length: last - first + 1 }, (_, index) => byBucket.get(first + index) ?? 0n);
}

export function fromStoredBuckets(lengthMs: number, first: number, stored: readonly PicoUsd[]): Rolling {
  const filled = stored.map((amount, index): [number, PicoUsd] => [first + index, amount]);
  return { lengthMs, first, byBucket: new Map(filled.filter(([, amount]) => amount !== 0n)) };
}
