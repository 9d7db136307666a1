// Alerts on the bus: their stream, and one alert on it.
import { declareStream, type NatsConnection, Publisher } from "@waybill/bus";
import { Alert, STREAMS, subjects } from "@waybill/wire";
import type { RaisedAlert } from "../core/cloud-event.ts";
import { toWireAlert } from "./to-wire-alert.ts";

const PUBLISH_TIMEOUT_MS = 5_000;

export interface AlertBus {
  /** Makes the stream, once; again after a publish that no stream took. */
  declare(): Promise<void>;
  /** False: not stored, or nobody knows. */
  publish(alert: RaisedAlert): Promise<boolean>;
}

export function alertBus(nc: NatsConnection, failpoint: (name: string) => void): AlertBus {
  const publisher = new Publisher(nc);
  let isDeclared = false;
  return {
    async declare() {
      if (isDeclared) return;
      await declareStream(nc, STREAMS.alerts);
      isDeclared = true;
    },
    async publish(alert) {
      failpoint("alert_before_publish");
      const outcome = await publisher.publish({
        subject: subjects.alert(alert.organisationId),
        data: Alert.encode(toWireAlert(alert)).finish(),
        id: alert.id,
        timeoutMs: PUBLISH_TIMEOUT_MS,
      });
      if (outcome.kind !== "stored") isDeclared = false;
      failpoint("alert_after_publish");
      return outcome.kind === "stored";
    },
  };
}
