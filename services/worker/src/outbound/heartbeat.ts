// Once a second: which models this worker serves and how much it carries. Routers stop sending to a worker that is not heard.
import type { NatsConnection } from "@waybill/bus";
import { subjects, WorkerHealth } from "@waybill/wire";

const EVERY_MS = 1_000;

export interface Heartbeat {
  /** Says it now, because the models changed. */
  beat(): void;
  /** From now on, and at once: takes nothing new. */
  drain(): void;
  stop(): void;
}

export function startHeartbeat(nc: NatsConnection, read: () => Omit<WorkerHealth, "draining">): Heartbeat {
  let draining = false;
  const beat = (): void => {
    if (nc.isClosed()) return;
    const health = { ...read(), draining };
    nc.publish(subjects.health(health.workerId), WorkerHealth.encode(health).finish());
  };
  const timer = setInterval(beat, EVERY_MS);
  beat();
  return {
    beat,
    drain() {
      draining = true;
      beat();
    },
    stop: () => clearInterval(timer),
  };
}
