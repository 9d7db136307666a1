// What workers say on the bus: claims, frames, signs of life, what they have recorded; and the siblings' signs of life. Two
// connections, so that token streams cannot delay claims, and a server that cuts one slow connection does not cut both.
import { type Msg, type NatsConnection, publishSoon, type Subscription } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import {
  AttemptsRecorded,
  ClaimReplies,
  ClaimRequests,
  Frames,
  IngressAlive,
  subjects,
  WorkerHealth,
} from "@waybill/wire";
import type { AttemptTable } from "../core/attempt-table.ts";
import type { Lives } from "../core/lives.ts";

export interface WorkerMessagesOptions {
  control: NatsConnection;
  tokens: NatsConnection;
  ingressId: string;
  table: AttemptTable;
  lives: Lives;
  clock: Clock;
}

/** Subscribes to everything workers say to this ingress. */
export function listenToWorkers(
  { control, tokens, ingressId, table, lives, clock }: WorkerMessagesOptions,
  { log, onStop }: ServiceScope,
): void {
  const subscribe = (nc: NatsConnection, subject: string, take: (message: Msg) => void): Subscription =>
    nc.subscribe(subject, {
      callback(error, message) {
        try {
          if (error) throw error;
          take(message);
        } catch (thrown) {
          log.warn({ subject, err: thrown }, "malformed message");
        }
      },
    });
  const subscriptions = [
    subscribe(tokens, subjects.reply(ingressId), (message) => {
      for (const frame of Frames.decode(message.data).frames) table.take(frame);
    }),
    subscribe(control, subjects.claim(ingressId), (message) => {
      const nowMs = clock.monotonicMs();
      const replies = ClaimRequests.decode(message.data).claims.map((claim) => table.claim(claim, nowMs));
      if (message.reply) publishSoon(control, message.reply, ClaimReplies.encode({ replies }).finish());
    }),
    subscribe(control, subjects.healthOfAll, (message) =>
      table.heard(WorkerHealth.decode(message.data).workerId, clock.monotonicMs()),
    ),
    subscribe(control, subjects.aliveOfAll, (message) =>
      lives.heard(IngressAlive.decode(message.data).life, clock.monotonicMs()),
    ),
    subscribe(control, subjects.recorded(ingressId), (message) =>
      table.recorded(AttemptsRecorded.decode(message.data), clock.monotonicMs()),
    ),
  ];
  onStop("worker messages", () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  });
}
