// Publishes what content filters found in answers, for the ledger to keep beside the decisions. A lost one loses an explanation, never
// money: so it is tried a few times, and given up and counted when too many wait.
import type { ServiceScope } from "@waybill/service";
import { DecisionBatch, subjects } from "@waybill/wire";
import type { RecordFindings } from "../ports.ts";
import type { UsagePublisher } from "./record-usage.ts";

const TRY_MS = 2_000;
const RETRY_MS = 500;
const TRIES_MAX = 20;
/** Each is a few hundred bytes. */
const WAITING_MAX = 5_000;

export function makeFindingsRecorder(
  publisher: UsagePublisher,
  { metrics, onStop }: Pick<ServiceScope, "metrics" | "onStop">,
): RecordFindings {
  const dropped = metrics.counter(
    "waybill_ingress_dropped_answer_findings_total",
    "Answers whose content filter findings were given up because NATS did not take them",
  );
  let waiting = 0;
  onStop("answer findings", async (limitMs) => {
    const endsAtMs = performance.now() + limitMs;
    while (waiting > 0 && performance.now() < endsAtMs) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  return (findings) => {
    if (waiting >= WAITING_MAX) {
      dropped(1);
      return;
    }
    waiting += 1;
    const message = {
      subject: subjects.decision(findings.organisationId),
      data: DecisionBatch.encode({ records: [], answers: [findings] }).finish(),
      id: `${findings.requestId}.${findings.attempt}:findings`,
      timeoutMs: TRY_MS,
    };
    const store = async (): Promise<void> => {
      for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
        if ((await publisher.publish(message)).kind === "stored") return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      dropped(1);
    };
    void store().finally(() => {
      waiting -= 1;
    });
  };
}
