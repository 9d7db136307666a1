// An alert as the JSON of a CloudEvent: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
import type { AlertKind } from "./alert.ts";

/** An alert that was raised. */
export interface RaisedAlert {
  id: string;
  kind: AlertKind;
  organisationId: string;
  budgetId: string;
  /** ISO 8601. */
  raisedAt: string;
  summary: string;
  /** The figures as everyone is shown them, times as ISO 8601. */
  data: Readonly<Record<string, unknown>>;
}

export function cloudEvent(alert: RaisedAlert): string {
  const { id, kind, organisationId, budgetId, raisedAt, summary, data } = alert;
  return JSON.stringify({
    specversion: "1.0",
    id,
    source: "waybill/budget",
    type: `alert.${kind}`,
    time: raisedAt,
    ...(budgetId !== "" && { subject: budgetId }),
    datacontenttype: "application/json",
    data: { organisationId, ...(budgetId !== "" && { budgetId }), summary, ...data },
  });
}
