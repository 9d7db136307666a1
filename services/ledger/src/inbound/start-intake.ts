// Puts the story on the bus: batches of USAGE into recordUsage, with its traces, metrics and log lines.
import { type NatsConnection, Publisher } from "@waybill/bus";
import { type ConfigOf, makeFailpoint, type ReadyCondition, type ServiceScope, systemClock } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { STREAMS, usageConsumer } from "@waybill/wire";
import type { settings } from "../config.ts";
import { parkInDead } from "../outbound/dead-letters.ts";
import { measure } from "../outbound/measure.ts";
import { postgresBooks } from "../outbound/postgres-books.ts";
import { type RecordUsagePorts, recordUsage } from "../record-usage.ts";
import { Intake } from "./consume.ts";
import { readFact } from "./read-fact.ts";
import { traceBatch } from "./trace-batch.ts";
import { watchLag } from "./watch-lag.ts";

export interface IntakeParts {
  config: ConfigOf<typeof settings>;
  scope: ServiceScope;
  nc: NatsConnection;
  pool: Pool;
  /** Ready while USAGE is being consumed. */
  consuming: ReadyCondition;
}

/** Starts to consume; stops with the service. */
export function startIntake({ config, scope, nc, pool, consuming }: IntakeParts): Intake {
  const { log, metrics, tracing, onStop } = scope;
  const failpoint = makeFailpoint(config.WAYBILL_FAILPOINT);
  const ports: RecordUsagePorts = {
    readFact,
    books: postgresBooks(pool, failpoint),
    park: parkInDead(new Publisher(nc)),
    failpoint,
    monotonicMs: systemClock.monotonicMs,
  };
  const lag = watchLag(nc);
  onStop("lag watch", () => lag.stop());
  const count = measure(metrics, lag.pending, () => intake.inHand);
  let trouble: string | undefined;
  const intake = new Intake({
    nc,
    consumer: usageConsumer("ledger"),
    streams: [STREAMS.usage, STREAMS.dead],
    batchMax: config.WAYBILL_LEDGER_BATCH_RECORDS_MAX,
    gatherMs: config.WAYBILL_LEDGER_GATHER_MS,
    writers: config.WAYBILL_LEDGER_WRITERS,
    ackWaitMs: config.WAYBILL_LEDGER_ACK_WAIT_MS,
    record: async (batch) => {
      const report = await traceBatch(tracing, batch, () => recordUsage(ports, batch));
      count(report);
      if (report.parked > 0) log.error({ parked: report.parked }, "messages that cannot be booked were parked in DEAD");
    },
    onConsuming: (problem) => consuming.set(problem === undefined, problem),
    onRecording: (problem) => {
      if (problem !== undefined && problem !== trouble) log.warn({ detail: problem }, "not booked; trying again");
      if (problem === undefined && trouble !== undefined) log.info("booking again");
      trouble = problem;
    },
  });
  onStop("usage", (limitMs) => intake.stop(limitMs));
  return intake;
}
