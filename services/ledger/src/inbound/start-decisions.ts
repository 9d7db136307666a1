// Puts decisions on the bus: batches of DECISIONS into recordDecisions, apart from usage, so that neither holds up the other; and
// forgets old ones.
import { type NatsConnection, Publisher } from "@waybill/bus";
import type { ConfigOf, Log, ServiceScope } from "@waybill/service";
import { decisionConsumer, STREAMS } from "@waybill/wire";
import type { settings } from "../config.ts";
import { parkInDead } from "../outbound/dead-letters.ts";
import type { Decisions } from "../outbound/postgres-decisions.ts";
import { recordDecisions } from "../record-decisions.ts";
import { Intake } from "./consume.ts";
import { readDecisions } from "./read-decisions.ts";

/** Messages of one batch; each holds at most half a megabyte. */
const BATCH_MAX = 50;
const GATHER_MS = 200;
/** After a round that found no more old ones, and between two that did. */
const FORGET_EVERY_MS = 60_000;
const FORGET_AGAIN_MS = 250;

export function startDecisions(
  config: ConfigOf<typeof settings>,
  { log, metrics, onStop }: ServiceScope,
  nc: NatsConnection,
  decisions: Decisions,
): Intake {
  const kept = metrics.counter("waybill_ledger_decisions", "Decision records kept for the first time");
  const found = metrics.counter(
    "waybill_ledger_answer_findings",
    "Rows of what content filters found in answers, kept for the first time",
  );
  const parked = metrics.counter("waybill_ledger_parked_decisions", "Decision records parked in DEAD");
  const ports = { readDecisions, ...decisions, park: parkInDead(new Publisher(nc)) };
  let trouble: string | undefined;
  const say = (problem: string | undefined): void => {
    if (problem !== undefined && problem !== trouble)
      log.warn({ detail: problem }, "decisions are not kept; trying again");
    trouble = problem;
  };
  const intake = new Intake({
    nc,
    consumer: decisionConsumer(),
    streams: [STREAMS.decisions, STREAMS.dead],
    batchMax: BATCH_MAX,
    gatherMs: GATHER_MS,
    writers: 1,
    ackWaitMs: config.WAYBILL_LEDGER_ACK_WAIT_MS,
    record: async (batch) => {
      const report = await recordDecisions(ports, batch);
      kept(report.kept);
      found(report.findings);
      parked(report.parked);
      if (report.parked > 0) log.error({ parked: report.parked }, "decisions that cannot be kept were parked in DEAD");
    },
    onConsuming: say,
    onRecording: say,
  });
  onStop("decisions", (limitMs) => intake.stop(limitMs));
  const forgetting = forgetOld(() => decisions.forget(config.WAYBILL_DECISION_DAYS), log);
  onStop("forgetting decisions", () => forgetting.stop());
  return intake;
}

/** `round` returns true while there may be more. */
function forgetOld(round: () => Promise<boolean>, log: Log): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async (): Promise<void> => {
    let more = false;
    try {
      more = await round();
    } catch (error) {
      log.warn({ err: error }, "old decisions are not forgotten; trying again");
    }
    if (!stopped) timer = setTimeout(() => void run(), more ? FORGET_AGAIN_MS : FORGET_EVERY_MS);
  };
  void run();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
