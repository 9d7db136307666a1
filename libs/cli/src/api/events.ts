// What was booked, as the admin API tells it: CloudEvents, page by page.
import { Ending, EXIT } from "../exit-codes.ts";
import type { Api } from "./client.ts";
import { PAGE_MAX } from "./pages.ts";

interface EventPage {
  events: Record<string, unknown>[];
  nextCursor: string;
  more: boolean;
}

/** Pages of one replay; a server that never ends is not followed for ever. */
const PAGES_MAX = 10_000_000;

/** Everything that was booked from `from` until before `until`, both ISO 8601, in the order of booking; a page at a time. */
export async function* usageEvents(api: Api, from: string, until: string): AsyncGenerator<Record<string, unknown>[]> {
  let place: { from: string } | { cursor: string } = { from };
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { events, nextCursor, more }: EventPage = await api.get("/events/usage", {
      ...place,
      until,
      limit: PAGE_MAX,
    });
    yield events;
    if (!more) return;
    place = { cursor: nextCursor };
  }
  throw new Ending(`there are more than ${PAGES_MAX} pages`, EXIT.failed);
}
