// What the bus tells a router: signs of life of workers, and credit that is called back.
import type { NatsConnection } from "@waybill/bus";
import { GrantRecall, subjects, WorkerHealth } from "@waybill/wire";
import type { Heartbeat } from "../core/live-models.ts";

export interface BusListener {
  onHeartbeat(heartbeat: Heartbeat): void;
  onRecall(budgetId: string): void;
  onProblem(detail: string): void;
}

/** Subscribes for the life of the connection; the client renews subscriptions after a reconnect. */
export function listenToBus(nc: NatsConnection, listener: BusListener): void {
  const listen = (subject: string, take: (data: Uint8Array) => void): void => {
    nc.subscribe(subject, {
      callback(error, message) {
        try {
          if (error) throw error;
          take(message.data);
        } catch (problem) {
          listener.onProblem(`${subject}: ${problem instanceof Error ? problem.message : String(problem)}`);
        }
      },
    });
  };
  listen(subjects.healthOfAll, (data) => listener.onHeartbeat(WorkerHealth.decode(data)));
  listen(subjects.recall, (data) => listener.onRecall(GrantRecall.decode(data).budgetId));
}
