// Events on the bus: their stream with the durable of whoever reads it, and one event on it.
import { declareConsumer, declareStream, type NatsConnection, Publisher } from "@waybill/bus";
import { eventConsumer, STREAMS, subjects } from "@waybill/wire";
import type { TellUsagePorts } from "../tell-usage.ts";

const PUBLISH_TIMEOUT_MS = 5_000;

export interface EventBus {
  /** Makes the stream and the durable, once; again after a publish that no stream took. */
  declare(): Promise<void>;
  publish: TellUsagePorts["publish"];
}

export function eventBus(nc: NatsConnection): EventBus {
  const publisher = new Publisher(nc);
  const encoder = new TextEncoder();
  let isDeclared = false;
  return {
    async declare() {
      if (isDeclared) return;
      await declareStream(nc, STREAMS.events);
      await declareConsumer(nc, eventConsumer());
      isDeclared = true;
    },
    async publish({ id, organisationId, text }) {
      const outcome = await publisher.publish({
        subject: subjects.usageEvent(organisationId),
        data: encoder.encode(text),
        id,
        timeoutMs: PUBLISH_TIMEOUT_MS,
        headers: { "content-type": "application/cloudevents+json" },
      });
      if (outcome.kind !== "stored") isDeclared = false;
      return outcome.kind === "stored";
    },
  };
}
