// Pages of the log of requests: where a search begins, how it goes back month by month, and how much an answer holds.
//
// A request id begins with its time, so ids are in the order of time, and a moment is a place between two of them.
import { firstUuidOf } from "@waybill/domain";
import { monthStartMs, requestMonth } from "./months.ts";

/** The milliseconds inside an id, or inside a bound that `firstUuidOf` made. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Where a search goes on: what is before `beforeId`, and not before `fromMs`. */
export interface SearchPlace {
  beforeId: string;
  fromMs: number;
}

/** Opaque to whoever carries it. */
export function encodePlace({ beforeId, fromMs }: SearchPlace): string {
  return `${fromMs}_${beforeId}`;
}

const PLACE = /^(\d{1,14})_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Undefined for anything `encodePlace` did not write. */
export function decodePlace(text: string): SearchPlace | undefined {
  const [, fromMs, beforeId] = PLACE.exec(text) ?? [];
  return beforeId === undefined ? undefined : { beforeId, fromMs: Number(fromMs) };
}

/** Ids from `fromId` on and before the place it was made for, all of one month of requests. */
export interface Stretch {
  month: string;
  fromId: string;
}

/** What is left to look at before a place, as far as its month goes; undefined: nothing. */
export function stretchBefore({ beforeId, fromMs }: SearchPlace): Stretch | undefined {
  const timeMs = timeOfId(beforeId);
  // The first place of a millisecond has nothing of it before itself.
  const lastMs = beforeId === firstUuidOf(timeMs) ? timeMs - 1 : timeMs;
  if (lastMs < fromMs) return undefined;
  return {
    month: requestMonth({ requestedAtMs: lastMs }),
    fromId: firstUuidOf(Math.max(fromMs, monthStartMs(lastMs))),
  };
}

/** Of the requests in one answer; below the largest message of gRPC. */
const ANSWER_BYTES_MAX = 3 * 1024 * 1024;

/** How many of them fit into an answer: at least one of what there is. */
export function fittingCount(sizes: readonly number[]): number {
  let bytes = 0;
  const over = sizes.findIndex((size, index) => {
    bytes += size;
    return index > 0 && bytes > ANSWER_BYTES_MAX;
  });
  return over < 0 ? sizes.length : over;
}
