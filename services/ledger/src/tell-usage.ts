// THE STORY behind the books: what was booked is told on the bus, in the order of booking, each entry at least once under one id.
import type { Failpoint } from "@waybill/service";
import { type BookedEntry, usageEvent, usageEventId } from "./core/usage-event.ts";

/** How a turn at telling ended. */
export interface Told {
  events: number;
  /** When the last of them was booked. Undefined: there was none. */
  lastPostedAtMs: number | undefined;
  /** There is more to tell at once. */
  more: boolean;
}

export interface TellUsagePorts {
  /**
   * Gives `tell` the next entries, and to nobody else meanwhile. What was told counts as told once it resolves; where it rejects or the
   * process dies, the same entries come again. Undefined: another ledger is at it.
   */
  takeTurn(tell: (entries: readonly BookedEntry[]) => Promise<void>): Promise<Told | undefined>;
  /** False: not stored, or nobody knows. */
  publish(event: { id: string; organisationId: string; text: string }): Promise<boolean>;
  failpoint: Failpoint;
}

/** Tells the bus the next page. Rejects where the bus or the books do not answer; then nothing counts as told. */
export function tellUsage({ takeTurn, publish, failpoint }: TellUsagePorts): Promise<Told | undefined> {
  return takeTurn(async (entries) => {
    const stored = await Promise.all(
      entries.map((entry) =>
        publish({ id: usageEventId(entry), organisationId: entry.organisationId, text: usageEvent(entry) }),
      ),
    );
    const missing = stored.filter((isStored) => !isStored).length;
    if (missing > 0) throw new Error(`the bus did not confirm ${missing} of ${entries.length} events`);
    if (entries.length > 0) await failpoint("events_published");
  });
}
