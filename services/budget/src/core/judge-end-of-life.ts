// What a hold or grant that reached its end of life with no record was: never sent, lost with the bus's streams, or still out.

/** What WORK looks like now, by the bus's clock. */
export interface WorkSight {
  /** Since when nothing was lost with it or with USAGE. Undefined: there is no such stream, so whatever was in it is lost. */
  createdAtMs: number | undefined;
  /** Undefined: it is empty. */
  oldestAtMs: number | undefined;
}

export interface EndOfLife {
  /** When it was placed or granted, by Postgres time; or its request began, where that was before. */
  begunAtMs: number;
  endedAtMs: number;
  work: WorkSight;
  /** Records of everything that ended before this Postgres time have been settled. */
  usageReadThroughMs: number;
  /** How far the two clocks may be apart. */
  clockMarginMs: number;
}

/**
 * `never_sent`: WORK and USAGE are the same streams as when it began, WORK holds nothing of that life, and USAGE told nothing.
 * `lost`: one of them was made later, so a waybill or a record may have been lost with the old one.
 * `wait`: neither is certain yet; a waybill may still be delivered or its record may still be on its way.
 */
export type Judgement = "never_sent" | "lost" | "wait";

export function judgeEndOfLife({
  begunAtMs,
  endedAtMs,
  work,
  usageReadThroughMs,
  clockMarginMs,
}: EndOfLife): Judgement {
  if (usageReadThroughMs < endedAtMs) return "wait";
  if (work.createdAtMs === undefined || work.createdAtMs + clockMarginMs > begunAtMs) return "lost";
  const holdsNothingThatOld = work.oldestAtMs === undefined || work.oldestAtMs > endedAtMs + clockMarginMs;
  return holdsNothingThatOld ? "never_sent" : "wait";
}
