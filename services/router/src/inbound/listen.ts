// What the bus tells a router: signs of life of workers, and credit that is called back.
import type { NatsConnection } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import type { Log } from "@waybill/service";
import { GrantRecall, subjects, WorkerHealth } from "@waybill/wire";
import type { AnswerLengths } from "../core/answer-lengths.ts";
import type { LiveModels } from "../core/live-models.ts";
import type { Till } from "../till.ts";

export interface BusListener {
  live: LiveModels;
  lengths: AnswerLengths;
  till: Till;
  clock: Clock;
  log: Log;
}

/** Subscribes for the life of the connection; the client renews subscriptions after a reconnect. */
export function listenToBus(nc: NatsConnection, { live, lengths, till, clock, log }: BusListener): void {
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
  listen(subjects.healthOfAll, (data) => {
    const health = WorkerHealth.decode(data);
    const nowMs = clock.monotonicMs();
    live.heard(health, nowMs);
    for (const told of health.answerLengths) lengths.heard(told, nowMs);
  });
  listen(subjects.recall, (data) => till.recall(GrantRecall.decode(data).budgetId));
}
