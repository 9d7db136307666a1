// What the bus shows of work that is still out: what WORK holds, and up to which Postgres time USAGE has been settled.
import { type NatsConnection, sightConsumer, sightStream } from "@waybill/bus";
import type { Pool } from "@waybill/store";
import { STREAMS, usageConsumer } from "@waybill/wire";
import type { BusSight } from "../ports.ts";

/** A place in USAGE as it stood at a Postgres time. */
interface Mark {
  atMs: number;
  lastSequence: number;
}

export interface BusLook {
  /** Throws when the bus or the database does not answer. */
  look(): Promise<BusSight>;
}

/**
 * Everything stored in USAGE before a moment is settled once our durable has nothing left at all, or has acknowledged
 * everything up to the sequence that was the last one at that moment; under load only the latter ever comes true.
 */
export function makeBusLook(nc: NatsConnection, pool: Pool): BusLook {
  const { stream, durable } = usageConsumer("budget");
  let mark: Mark | undefined;
  let readThroughMs = 0;
  return {
    async look() {
      // The clock first: whatever is stored later belongs to a later moment.
      const { rows } = await pool.query<{ at_ms: number }>(
        "SELECT (extract(epoch FROM budget.clock()) * 1000)::float8 AS at_ms",
      );
      const atMs = rows[0]?.at_ms ?? 0;
      const usage = await sightStream(nc, stream);
      if (usage) {
        if (mark && usage.lastSequence < mark.lastSequence) mark = undefined;
        mark ??= { atMs, lastSequence: usage.lastSequence };
        const consumer = await sightConsumer(nc, stream, durable);
        if (consumer.pending === 0 && consumer.unacknowledged === 0) readThroughMs = atMs;
        else if (consumer.acknowledgedFloor >= mark.lastSequence) readThroughMs = Math.max(readThroughMs, mark.atMs);
        if (readThroughMs >= mark.atMs) mark = undefined;
      }
      const work = await sightStream(nc, STREAMS.work.name);
      // A record may have been lost with USAGE as a waybill with WORK.
      const createdAtMs = work && usage && Math.max(work.createdAtMs, usage.createdAtMs);
      return {
        work: { createdAtMs, oldestAtMs: work?.oldestAtMs },
        usageReadThroughMs: readThroughMs,
      };
    },
  };
}
