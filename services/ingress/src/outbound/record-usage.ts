// Publishes the records of attempts that were never sent, again and again until each is stored. Bounded: when too many wait,
// the ingress refuses new requests instead of forgetting records.
import type { DurablePublish, PublishOutcome } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import { subjects, UsageRecord } from "@waybill/wire";
import type { RecordUsage } from "../ports.ts";

const TRY_MS = 2_000;
const RETRY_MS = 250;
/** Records that may wait for NATS; each is about a kilobyte. */
const WAITING_MAX = 20_000;
/** A drain that used up its limit has just given up attempts whose records begin their way only now. */
const STOP_MS_MIN = 2_000;

/** What of a Publisher is needed here. */
export interface UsagePublisher {
  publish(message: DurablePublish): Promise<PublishOutcome>;
}

export interface UsageRecorder {
  record: RecordUsage;
  isFull(): boolean;
}

/** When stopping it waits until all are stored; what is not by then is reaped with its hold, and said in the log. */
export function makeUsageRecorder(publisher: UsagePublisher, { log, metrics, onStop }: ServiceScope): UsageRecorder {
  let waiting = 0;
  metrics.gauge("waybill_ingress_usage_waiting", "Usage records not stored yet", () => waiting);
  onStop("usage records", async (limitMs) => {
    const endsAtMs = performance.now() + Math.max(limitMs, STOP_MS_MIN);
    while (waiting > 0 && performance.now() < endsAtMs) await new Promise((resolve) => setTimeout(resolve, 20));
    if (waiting > 0) log.error({ records: waiting }, "void records not stored; their holds are reaped in time");
  });
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
    isFull: () => waiting >= WAITING_MAX,
  };
}
