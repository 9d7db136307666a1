// Records go out on USAGE, each under its id: what was published before is known there, or in the books.
import type { Publisher } from "@waybill/bus";
import { subjects, UsageRecord } from "@waybill/wire";

const TIMEOUT_MS = 5_000;
const AT_ONCE = 100;

/**
 * Throws when it is not certain of all of them that they are stored; they may be published again. `isAgain`: also where the stream had
 * them a moment ago, for who lacks them all the same; both consumers know a record by its own id.
 */
export async function publishRecords(
  publisher: Publisher,
  records: readonly Uint8Array[],
  isAgain: boolean,
): Promise<void> {
  for (let from = 0; from < records.length; from += AT_ONCE) {
    const outcomes = await Promise.all(
      records.slice(from, from + AT_ONCE).map((data) => publish(publisher, data, isAgain)),
    );
    for (const outcome of outcomes) {
      if (outcome.kind === "full") throw new Error("USAGE is full");
      if (outcome.kind === "unknown") throw new Error(`USAGE did not say that it has a record: ${outcome.detail}`);
    }
  }
}

function publish(publisher: Publisher, data: Uint8Array, isAgain: boolean): ReturnType<Publisher["publish"]> {
  const { recordId, attribution } = UsageRecord.decode(data);
  const subject = subjects.usage(attribution?.organisationId ?? "");
  const id = isAgain ? `${recordId}+${Date.now()}` : recordId;
  return publisher.publish({ subject, data, id, timeoutMs: TIMEOUT_MS });
}
