// Connects USAGE with the settlement story: traces, measures, and what to do with what cannot be settled.
import type { Log, Tracing } from "@waybill/service";
import { isHopeless } from "../outbound/commit-batch.ts";
import type { Measures } from "../outbound/measure.ts";
import type { Park, UsageMessage, Writer } from "../ports.ts";
import { settleUsage } from "../settle-usage.ts";
import { readSettlement } from "./from-wire.ts";

export interface ConsumeUsageOptions {
  writer: Writer;
  park: Park;
  measures: Measures;
  tracing: Tracing;
  failpoint(name: string): void;
  log: Log;
}

const SAMPLED = /-[0-9a-f][13579bdf]$/;

/** Settles one message of USAGE; what is not sampled pays nothing for tracing. */
export function makeSettle(
  options: ConsumeUsageOptions,
): (message: UsageMessage, traceparent: string) => Promise<void> {
  const { writer, park, measures, tracing, failpoint, log } = options;
  const world = {
    writer,
    park,
    failpoint,
    isHopeless,
    read: readSettlement,
    onSettled(record: Parameters<Measures["settled"]>[0], settled: Parameters<Measures["settled"]>[1]): void {
      measures.settled(record, settled);
      if (settled.overHoldPicoUsd === 0n) return;
      const amounts = { cost_pico_usd: String(record.costPicoUsd), over_pico_usd: String(settled.overHoldPicoUsd) };
      log.warn({ attempt_id: record.attemptId, ...amounts }, "over_hold: the call cost more than was held");
    },
  };
  return async (message, traceparent) => {
    const span = SAMPLED.test(traceparent) ? tracing.start("settle usage", "consumer", traceparent) : undefined;
    await settleUsage(world, message);
    span?.end();
  };
}
