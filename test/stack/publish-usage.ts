// Puts many messages on USAGE at once, as the records of an hour are there when a reader has been away.
import { type NatsConnection, sightStream } from "@waybill/bus";
import { eventually } from "@waybill/testing";
import { STREAMS, subjects } from "@waybill/wire";

/** More at once is not sent before the server has stored these. */
const AT_ONCE = 2_000;
const STORED_LIMIT_MS = 30_000;

/**
 * Without the id by which the bus would know them, as they come when the window of deduplication (two minutes) is over: only their readers
 * can tell what they have already. Resolves when they are stored. Others may publish meanwhile.
 */
export async function publishUsage(nc: NatsConnection, messages: readonly Uint8Array[]): Promise<void> {
  const stored = async (): Promise<number> => (await sightStream(nc, STREAMS.usage.name))?.lastSequence ?? 0;
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    const some = messages.slice(from, from + AT_ONCE);
    const wanted = (await stored()) + some.length;
    for (const data of some) nc.publish(subjects.usage("acme"), data);
    await nc.flush();
    await eventually(async () => (await stored()) >= wanted, {
      ...{ timeoutMs: STORED_LIMIT_MS, intervalMs: 10, reason: `${wanted} messages are on USAGE` },
    });
  }
}
