// What the bus tells a router: signs of life of workers, and credit that is called back.
import type { NatsConnection } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import type { Log } from "@waybill/service";
import { GrantRecall, subjects, WorkerHealth } from "@waybill/wire";
import type { LiveModels } from "../core/live-models.ts";
import type { Till } from "../till.ts";

export interface BusListener {
  live: LiveModels;
  till: Till;
  clock: Clock;
  log: Log;
}

/** Subscribes for the life of the connection; the client renews subscriptions after a reconnect. */
export function listenToBus(nc: NatsConnection, { live, till, clock, log }: BusListener): void {
  const listen = (subject: string, take: (data: Uint8Array) => void): void => {
    nc.subscribe(subject, {
      callback(error, message) {
        try {
          if (error) throw error;
          take(message.data);
        } catch (problem) {
          log.warn({ subject, err: problem }, "a message that cannot be used");
        }
      },
    });
  };
  listen(subjects.healthOfAll, (data) => live.heard(WorkerHealth.decode(data), clock.monotonicMs()));
  listen(subjects.recall, (data) => till.recall(GrantRecall.decode(data).budgetId));
}
