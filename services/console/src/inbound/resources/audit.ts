// The audit log of every change, by whom and why: the owners' logs as one.
import { ListAuditRequest } from "@waybill/wire";
import { cursorOf, mergeAudit, placeOf } from "../../core/merge-audit.ts";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import * as schemas from "../schemas/audit.ts";
import { noBody, nothing } from "../schemas/basics.ts";
import { auditJson } from "../to-json/audit-json.ts";

export function auditEndpoints({ routing, accounts }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      tag: "audit",
      dialect: "waybill",
      method: "GET",
      path: "/api/v1/audit",
      id: "listAudit",
      summary: "Every change, by whom and why",
      params: nothing,
      query: schemas.auditQuery,
      body: noBody,
      answer: schemas.auditPage,
      async handle({ admin: { organisationId }, query: { cursor, limit } }) {
        const place = placeOf(cursor);
        const [ofRouting, ofAccounts] = await Promise.all([
          routing.listRoutingAudit(ListAuditRequest.create({ organisationId, beforeId: place.routing, limit })),
          accounts.listAccountAudit(ListAuditRequest.create({ organisationId, beforeId: place.accounts, limit })),
        ]);
        const pages = { routing: ofRouting.entries, accounts: ofAccounts.entries };
        const { entries, next } = mergeAudit(pages, place, limit);
        return { entries: entries.map(auditJson), nextCursor: next ? cursorOf(next) : null };
      },
    }),
  ];
}
