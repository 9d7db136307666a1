// What happened to requests: one in full, and many by what is known of them.
import { GetRequestRequest, ListDecisionsRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/decisions.ts";
import { costJson, decisionJson, detailedDecisionJson } from "../to-json/decision-json.ts";
import { attemptSavingsJson } from "../to-json/savings-json.ts";
import { msOf } from "./what-if.ts";

const HERE = { tag: "decisions", dialect: "waybill" } as const;

export function requestEndpoints({ ledger }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: "/api/v1/requests/{id}",
      id: "getRequest",
      summary: "Every decision of a request with its inputs, and what its attempts cost",
      params: schemas.requestParams,
      query: organisationQuery,
      body: noBody,
      answer: schemas.requestDetail,
      async handle({ admin: { organisationId }, params: { id } }) {
        const { decisions, otherAttempts, savings } = await ledger.getRequest(
          GetRequestRequest.create({ requestId: id, organisationId }),
        );
        return {
          requestId: id,
          decisions: decisions.map(detailedDecisionJson),
          otherAttempts: otherAttempts.map(costJson),
          savings: savings.map(attemptSavingsJson),
        };
      },
    }),
    endpoint({
      ...HERE,
      method: "GET",
      path: "/api/v1/decisions",
      id: "listDecisions",
      summary: "Decisions, also refusals; every condition must hold",
      params: nothing,
      query: schemas.listDecisionsQuery,
      body: noBody,
      answer: schemas.decisionPage,
      async handle({ admin: { organisationId }, query }) {
        const { route = "", team = "", model = "", refusal = "", cursor, limit } = query;
        const { decisions, nextCursor } = await ledger.listDecisions(
          ListDecisionsRequest.create({
            ...{ organisationId, teamId: team, route, model, refusalCode: refusal, cursor, limit },
            fromMs: msOf(query.from),
            untilMs: msOf(query.until),
            firstOnly: query.firstOnly === "true",
          }),
        );
        return { decisions: decisions.map(decisionJson), nextCursor: nextCursor === "" ? null : nextCursor };
      },
    }),
  ];
}
