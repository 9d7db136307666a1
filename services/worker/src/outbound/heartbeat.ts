// Once a second: which models this worker serves and how much it carries. Routers stop sending to a worker that is not heard.
import type { NatsConnection } from "@waybill/bus";
import { subjects, WorkerHealth } from "@waybill/wire";

const EVERY_MS = 1_000;

export interface Heartbeat {
  /** Says it now, e.g. because the models changed or a drain began. */
  beat(): void;
  stop(): void;
}

export function startHeartbeat(nc: NatsConnection, read: () => WorkerHealth): Heartbeat {
  const beat = (): void => {
    if (nc.isClosed()) return;
    const health = read();
    nc.publish(subjects.health(health.workerId), WorkerHealth.encode(health).finish());
  };
  const timer = setInterval(beat, EVERY_MS);
  beat();
  return { beat, stop: () => clearInterval(timer) };
}
