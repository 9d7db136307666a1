// Once a second: which models this worker serves, how much it carries and how its calls go. Routers stop sending to a worker that
// is not heard.
import { type NatsConnection, publishNow } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import { subjects, WorkerHealth } from "@waybill/wire";

const EVERY_MS = 1_000;
/** News of targets comes at most this often. */
const SOON_MS = 200;

export interface Heartbeat {
  /** Says it now, because the models changed. */
  beat(): void;
  /** Says it now, or SOON_MS after the last time, because a model's calls go otherwise than before. */
  beatSoon(): void;
  /** From now on, and at once: takes nothing new. */
  drain(): void;
  stop(): void;
}

export function startHeartbeat(
  nc: Pick<NatsConnection, "publish">,
  { monotonicMs }: Pick<Clock, "monotonicMs">,
  read: () => Omit<WorkerHealth, "draining">,
): Heartbeat {
  let [draining, isStopped] = [false, false];
  let saidMs = Number.NEGATIVE_INFINITY;
  let soon: NodeJS.Timeout | undefined;
  const beat = (): void => {
    clearTimeout(soon);
    soon = undefined;
    saidMs = monotonicMs();
    const health = { ...read(), draining };
    publishNow(nc, subjects.health(health.workerId), WorkerHealth.encode(health).finish());
  };
  const timer = setInterval(beat, EVERY_MS);
  beat();
  return {
    beat,
    beatSoon() {
      if (isStopped || soon) return;
      // Never in the caller's turn: it ends a call, and calls that end together are said together.
      soon = setTimeout(beat, Math.max(0, saidMs + SOON_MS - monotonicMs()));
    },
    drain() {
      draining = true;
      beat();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
      clearTimeout(soon);
    },
  };
}
