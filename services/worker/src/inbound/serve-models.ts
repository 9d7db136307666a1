// The models of this worker in service: what is pulled is fulfilled, what is served is said once a second.
import type { ReadyCondition, ServiceScope } from "@waybill/service";
import { AnswerLengths } from "../core/answer-lengths.ts";
import { OpenAttempts } from "../core/open-attempts.ts";
import { TargetHealth } from "../core/target-health.ts";
import { fulfil } from "../fulfil.ts";
import { watchAccounts } from "../outbound/account-watch.ts";
import { type Heartbeat, startHeartbeat } from "../outbound/heartbeat.ts";
import { makeMeasures } from "../outbound/measures.ts";
import type { WorkerConfig, World } from "../outbound/world.ts";
import type { Ports } from "../ports.ts";
import { ModelPulls } from "./pull-models.ts";
import { shareResting } from "./share-resting.ts";

/** A message is kept this many times within its ack wait. */
const KEPT_PER_ACK_WAIT = 6;

export interface Service {
  open: OpenAttempts;
  pulls: ModelPulls;
  heartbeat: Heartbeat;
}

export function serveModels(
  config: WorkerConfig,
  { serviceId: workerId, log, metrics }: ServiceScope,
  { nc, links, spool, ports, providers }: World,
  ready: ReadyCondition,
): Service {
  const capacity = config.WAYBILL_WORKER_CAPACITY;
  const ackWaitMs = config.WAYBILL_ACK_WAIT_MS;
  const open = new OpenAttempts(ackWaitMs / KEPT_PER_ACK_WAIT, () => pulls.wake());
  const [targets, lengths] = [new TargetHealth(), new AnswerLengths()];
  const { clock } = ports;
  const resting = shareResting(nc, workerId, log, (told) => accounts.heard(told));
  const accounts = watchAccounts({
    ...{ providers, targets, lengths, clock, log, tell: resting.tell },
    onNews: () => heartbeat.beatSoon(),
  });
  const measure = makeMeasures(metrics, {
    inFlight: () => open.carrying,
    waiting: () => pulls.waiting(),
    spoolBytes: () => spool.bytes,
    spoolRecords: () => spool.records,
    cooling: () => accounts.cooling(),
  });
  const allPorts: Ports = { ...ports, measure, ...accounts };
  const pulls = new ModelPulls({
    nc,
    ackWaitMs,
    log,
    room: () => (links.areUp() && !spool.isHalfFull ? capacity - open.carrying : 0),
    onMessage: (message) => void fulfil(message, open, allPorts),
    onChange: () => {
      heartbeat.beat();
      ready.set(...modelsReady(pulls));
    },
  });
  const heartbeat = startHeartbeat(nc, clock, () => ({
    workerId,
    models: pulls.served(),
    inFlight: open.carrying,
    capacity,
    spooledRecords: spool.records,
    targets: targets.figures(clock.monotonicMs()),
    answerLengths: lengths.take(),
  }));
  return { open, pulls, heartbeat };
}

/** Whether every wanted model is pulled, and if not, the reason. */
function modelsReady(pulls: ModelPulls): [boolean, string] {
  const served = pulls.served().length;
  if (pulls.wanted === 0) return [false, "no deployed model can be served here; the log says why for each"];
  return [served === pulls.wanted, `${served} of ${pulls.wanted} models are pulled`];
}
