// Publishes the records of attempts that were never sent, again and again until each is stored. Bounded: when too many wait,
// the ingress refuses new requests instead of forgetting records.
import type { Publisher } from "@waybill/bus";
import { subjects, UsageRecord } from "@waybill/wire";
import type { RecordUsage } from "../ports.ts";

const TRY_MS = 2_000;
const RETRY_MS = 250;
/** Records that may wait for NATS; each is about a kilobyte. */
const WAITING_MAX = 20_000;

export interface UsageRecorder {
  record: RecordUsage;
  readonly waiting: number;
  readonly isFull: boolean;
  /** Waits until all are stored, at most `limitMs`. Returns how many are not. */
  flush(limitMs: number): Promise<number>;
}

export function makeUsageRecorder(publisher: Publisher): UsageRecorder {
  let waiting = 0;
  const store = async (record: UsageRecord): Promise<void> => {
    const message = {
      subject: subjects.usage(record.attribution?.organisationId ?? "unknown"),
      data: UsageRecord.encode(record).finish(),
      id: record.recordId,
      timeoutMs: TRY_MS,
    };
    while ((await publisher.publish(message)).kind !== "stored") {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    waiting -= 1;
  };
  return {
    record(record) {
      waiting += 1;
      void store(record);
    },
    get waiting() {
      return waiting;
    },
    get isFull() {
      return waiting >= WAITING_MAX;
    },
    async flush(limitMs) {
      const endsAtMs = performance.now() + limitMs;
      while (waiting > 0 && performance.now() < endsAtMs) await new Promise((resolve) => setTimeout(resolve, 20));
      return waiting;
    },
  };
}
