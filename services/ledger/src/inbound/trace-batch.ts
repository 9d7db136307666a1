// The last spans of a request's trace: its record taken in, and committed. One batch books many requests, so each traced
// message gets its own pair; what is not sampled costs nothing.
import type { Span, Tracing } from "@waybill/service";
import type { BatchReport, Delivery } from "../ports.ts";

const SAMPLED = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf]$/;

export async function traceBatch(
  tracing: Tracing,
  batch: readonly Delivery[],
  record: () => Promise<BatchReport>,
): Promise<BatchReport> {
  if (!tracing.collects) return await record();
  const spans: Span[] = [];
  for (const { traceparent } of batch) {
    if (!SAMPLED.test(traceparent)) continue;
    const taken = tracing.start("record usage", "consumer", traceparent);
    spans.push(tracing.start("commit entries", "client", taken.traceparent), taken);
  }
  const attributes = {
    "messaging.system": "nats",
    "db.system.name": "postgresql",
    "waybill.batch.records": batch.length,
  };
  try {
    return await record();
  } finally {
    for (const span of spans) span.end(attributes);
  }
}
