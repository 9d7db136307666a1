// Pages of the decision list: where one ends, and how much it holds.
import { TIME_MS_MAX } from "./decision-row.ts";

/** The last decision of a page; opaque text to whoever carries it. */
export interface DecisionCursor {
  decidedAtMs: number;
  requestId: string;
  attempt: number;
}

export function encodeCursor({ decidedAtMs, requestId, attempt }: DecisionCursor): string {
  return `${decidedAtMs}_${requestId}_${attempt}`;
}

const CURSOR = /^(\d{1,15})_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})_(\d{1,4})$/;

/** Undefined for anything `encodeCursor` did not write. */
export function decodeCursor(text: string): DecisionCursor | undefined {
  const [, decidedAt, requestId, attempt] = CURSOR.exec(text) ?? [];
  const decidedAtMs = Number(decidedAt);
  if (requestId === undefined || decidedAtMs > TIME_MS_MAX) return undefined;
  return { decidedAtMs, requestId, attempt: Number(attempt) };
}

/** Of the decisions in one answer; below the largest message of gRPC. */
const PAGE_BYTES_MAX = 3 * 1024 * 1024;

/**
 * The page that fits into an answer, at least one decision of what was found; and the cursor after it, undefined where the list
 * ends. `found` holds at most `limit`; where it holds fewer, there are no more.
 */
export function cutPage<T extends { cursor: DecisionCursor; bytes: number }>(
  found: readonly T[],
  limit: number,
): { page: readonly T[]; next: DecisionCursor | undefined } {
  let bytes = 0;
  let count = 0;
  for (const decision of found) {
    bytes += decision.bytes;
    if (count > 0 && bytes > PAGE_BYTES_MAX) break;
    count += 1;
  }
  const page = found.slice(0, count);
  const isLast = count === found.length && found.length < limit;
  return { page, next: isLast ? undefined : page.at(-1)?.cursor };
}
