// Alerts about spend, as the budget service raised them.
import { ListAlertsRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import * as schemas from "../schemas/alerts.ts";
import { noBody, nothing } from "../schemas/basics.ts";
import { alertJson } from "../to-json/alert-json.ts";

export function alertEndpoints({ alerts }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      tag: "alerts",
      dialect: "waybill",
      method: "GET",
      path: "/api/v1/alerts",
      id: "listAlerts",
      summary: "Alerts about spend: thresholds that budgets have reached, and spend that looks wrong",
      params: nothing,
      query: schemas.alertsQuery,
      body: noBody,
      answer: schemas.alertPage,
      async handle({ admin: { organisationId }, query: { budget: budgetId, kind = "", cursor: beforeId, limit } }) {
        const asked = ListAlertsRequest.create({ organisationId, budgetId, kind, beforeId, limit });
        const found = (await alerts.listAlerts(asked)).alerts.map(alertJson);
        return { alerts: found, nextCursor: found.length < limit ? null : (found.at(-1)?.id ?? null) };
      },
    }),
  ];
}
