// An alert as a CloudEvent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudEvent, type RaisedAlert } from "./cloud-event.ts";

test("an alert is a CloudEvent with its figures as data", () => {
  const alert: RaisedAlert = {
    ...{
      id: "i",
      kind: "threshold",
      organisationId: "acme",
      budgetId: "b",
      raisedAt: "1970-01-01T00:00:00.000Z",
      summary: "S.",
    },
    data: { percent: 80, limit: "10" },
  };
  assert.deepEqual(JSON.parse(cloudEvent(alert)), {
    specversion: "1.0",
    id: "i",
    source: "waybill/budget",
    type: "alert.threshold",
    time: "1970-01-01T00:00:00.000Z",
    subject: "b",
    datacontenttype: "application/json",
    data: { organisationId: "acme", budgetId: "b", summary: "S.", percent: 80, limit: "10" },
  });
  const { subject, data } = JSON.parse(cloudEvent({ ...alert, budgetId: "" }));
  assert.deepEqual([subject, data.budgetId], [undefined, undefined], "of no budget");
});
