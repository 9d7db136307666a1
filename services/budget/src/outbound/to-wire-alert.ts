// An alert as it is told on the bus and listed.
import { Alert } from "@waybill/wire";
import type { RaisedAlert } from "../core/cloud-event.ts";

export function toWireAlert({ id, kind, organisationId, budgetId, raisedAt, summary, data }: RaisedAlert): Alert {
  return Alert.create({
    ...{ id, kind, organisationId, budgetId, summary },
    raisedAtMs: BigInt(Date.parse(raisedAt)),
    dataJson: JSON.stringify(data),
  });
}
