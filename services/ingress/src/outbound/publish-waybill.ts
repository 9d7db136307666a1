// Puts a waybill on its model's queue, with the attempt id as Nats-Msg-Id so that a repeated publish is stored once.
import type { Publisher } from "@waybill/bus";
import { WaybillError } from "@waybill/domain";
import { HEADERS, subjects, Waybill } from "@waybill/wire";
import { targetOf } from "../core/make-waybill.ts";
import type { PublishWaybill } from "../ports.ts";

const TRY_MS = 1_000;
const TRIES_MAX = 2;

/** `isConnected` is asked first: without a connection the client library would keep the message and send it late. */
export function makePublishWaybill(publisher: Publisher, isConnected: () => boolean): PublishWaybill {
  return async (waybill, traceparent) => {
    const message = {
      subject: subjects.work(targetOf(waybill)),
      data: Waybill.encode(waybill).finish(),
      id: waybill.attemptId,
      timeoutMs: TRY_MS,
      headers: { [HEADERS.traceparent]: traceparent },
    };
    for (let tries = 1; ; tries += 1) {
      if (!isConnected()) throw new WaybillError("bus_unavailable");
      const outcome = await publisher.publish(message);
      if (outcome.kind === "stored") return;
      if (outcome.kind === "full") throw new WaybillError("overloaded");
      if (tries >= TRIES_MAX) throw new WaybillError("bus_unavailable", { detail: outcome.detail });
    }
  };
}
