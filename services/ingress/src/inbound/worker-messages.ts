// What workers say on the bus: claims, frames, signs of life, what they have recorded. Two connections, so that token
// streams cannot delay claims, and a server that cuts one slow connection does not cut both.
import type { Msg, NatsConnection, Subscription } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import { AttemptsRecorded, ClaimReply, ClaimRequest, Frame, subjects, WorkerHealth } from "@waybill/wire";
import type { AttemptTable } from "../core/attempt-table.ts";

export interface WorkerMessagesOptions {
  control: NatsConnection;
  tokens: NatsConnection;
  ingressId: string;
  table: AttemptTable;
  clock: Clock;
  onMalformed(subject: string, error: unknown): void;
}

/** Subscribes to everything workers say to this ingress. */
export function listenToWorkers(options: WorkerMessagesOptions): { stop(): void } {
  const { control, tokens, ingressId, table, clock } = options;
  const subscribe = (nc: NatsConnection, subject: string, take: (message: Msg) => void): Subscription =>
    nc.subscribe(subject, {
      callback(error, message) {
        try {
          if (error) throw error;
          take(message);
        } catch (thrown) {
          options.onMalformed(subject, thrown);
        }
      },
    });
  const subscriptions = [
    subscribe(tokens, subjects.repliesOf(ingressId), (message) => table.take(Frame.decode(message.data))),
    subscribe(control, subjects.claim(ingressId), (message) => {
      const reply = table.claim(ClaimRequest.decode(message.data), clock.monotonicMs());
      message.respond(ClaimReply.encode(reply).finish());
    }),
    subscribe(control, subjects.healthOfAll, (message) =>
      table.heard(WorkerHealth.decode(message.data).workerId, clock.monotonicMs()),
    ),
    subscribe(control, subjects.recorded(ingressId), (message) =>
      table.recorded(AttemptsRecorded.decode(message.data)),
    ),
  ];
  return {
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
