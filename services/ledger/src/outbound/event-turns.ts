// Turns at telling the bus: one ledger at a time goes on where the last one stopped.
import { type Pool, transact } from "@waybill/store";
import { STREAMS } from "@waybill/wire";
import { decodePosition, laterOf, positionAt } from "../core/event-position.ts";
import type { TellUsagePorts } from "../tell-usage.ts";
import { movePosition, POSITION_OF, readEntries } from "./booked-entries.ts";

const BUS = "bus";
/** Of one turn. The lock on the position is held until the bus has all of them. */
const EVENTS_PER_TURN = 500;

/** What is older than the stream keeps is not told any more. `unixMs`: the clock. */
export function eventTurns(pool: Pool, unixMs: () => number): TellUsagePorts["takeTurn"] {
  return (tell) =>
    transact(pool, async (client) => {
      const { rows } = await client.query<{ place: string }>(POSITION_OF, [BUS]);
      const [row] = rows;
      if (!row) return undefined;
      const told = decodePosition(row.place);
      if (!told) throw new Error(`ledger.event_position is damaged: ${row.place}`);
      const after = laterOf(told, positionAt(unixMs() - STREAMS.events.maxAgeMs));
      const page = await readEntries(client, { after, untilMs: undefined, limit: EVENTS_PER_TURN, organisationId: "" });
      if (page.entries.length === 0) return { events: 0, lastPostedAtMs: undefined, more: false };
      await tell(page.entries);
      await movePosition(client, BUS, page.next);
      return { events: page.entries.length, lastPostedAtMs: Number(page.next.postedAtUs / 1_000n), more: page.more };
    });
}
