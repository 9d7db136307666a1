// A place in the books, in the order of booking: behind which entry somebody goes on.

export interface EventPosition {
  /** When it was booked, in Unix microseconds. */
  postedAtUs: bigint;
  requestId: string;
  attempt: number;
  sequence: number;
}

const NO_REQUEST = "00000000-0000-0000-0000-000000000000";
/** Beyond it the database's arithmetic on times is not exact: in the year 2255. */
const TIME_US_MAX = 2n ** 53n;

/** Before everything that was booked at this Unix millisecond or later. */
export function positionAt(unixMs: number): EventPosition {
  return { postedAtUs: BigInt(unixMs) * 1_000n, requestId: NO_REQUEST, attempt: 0, sequence: 0 };
}

const LAST_REQUEST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Behind all that was booked at that time, and names none of it. */
export function positionBehind(postedAtUs: bigint): EventPosition {
  return { postedAtUs, requestId: LAST_REQUEST, attempt: 9_999, sequence: 9_999 };
}

/** Opaque to whoever carries it, plain to whoever looks for what went wrong. */
export function encodePosition({ postedAtUs, requestId, attempt, sequence }: EventPosition): string {
  return `${postedAtUs}_${requestId}_${attempt}_${sequence}`;
}

const POSITION = /^(\d{1,16})_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})_(\d{1,4})_(\d{1,4})$/;

/** Undefined for anything `encodePosition` did not write. */
export function decodePosition(text: string): EventPosition | undefined {
  const [, microseconds, requestId, attempt, sequence] = POSITION.exec(text) ?? [];
  if (microseconds === undefined || requestId === undefined) return undefined;
  const postedAtUs = BigInt(microseconds);
  if (postedAtUs > TIME_US_MAX) return undefined;
  return { postedAtUs, requestId, attempt: Number(attempt), sequence: Number(sequence) };
}

/** The one whose entries were booked later. */
export function laterOf(a: EventPosition, b: EventPosition): EventPosition {
  return a.postedAtUs < b.postedAtUs ? b : a;
}
