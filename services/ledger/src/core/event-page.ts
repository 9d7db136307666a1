// The events that fit into one answer.
import type { EventPosition } from "./event-position.ts";
import { type BookedEntry, usageEvent } from "./usage-event.ts";

/** Of the events in one answer; below the largest message of gRPC. */
const PAGE_BYTES_MAX = 3 * 1024 * 1024;

const encoder = new TextEncoder();

interface Page {
  entries: readonly BookedEntry[];
  /** Behind all that was looked at for it. */
  next: EventPosition;
  more: boolean;
}

/** At least one event where there is one, at most `limit`; what does not fit is left to the next answer. */
export function cutEvents(
  { entries, next, more }: Page,
  limit: number,
  bytesMax = PAGE_BYTES_MAX,
): { events: string[]; next: EventPosition; more: boolean } {
  const events: string[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const event = usageEvent(entry);
    bytes += encoder.encode(event).length;
    const last = entries[events.length - 1];
    if (last && (bytes > bytesMax || events.length === limit)) return { events, next: last, more: true };
    events.push(event);
  }
  return { events, next, more };
}
