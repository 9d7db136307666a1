// What happened to requests: one in full, and many by what is known of them.
import { GetRequestRequest, ListDecisionsRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/decisions.ts";
import { listRequestsQuery, requestPage } from "../schemas/requests.ts";
import { costJson, decisionJson, detailedDecisionJson } from "../to-json/decision-json.ts";
import { requestJson, requestPageJson, requestsWish } from "../to-json/request-json.ts";
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
        const { decisions, otherAttempts, summary, savings } = await ledger.getRequest(
          GetRequestRequest.create({ requestId: id, organisationId }),
        );
        return {
          requestId: id,
          request: summary ? requestJson(summary) : null,
          decisions: decisions.map(detailedDecisionJson),
          otherAttempts: otherAttempts.map(costJson),
          savings: savings.map(attemptSavingsJson),
        };
      },
    }),
    endpoint({
      ...HERE,
      method: "GET",
      path: "/api/v1/requests",
      id: "listRequests",
      summary: "The log of requests, the newest first; every condition must hold",
      description:
        "What is asked of model, provider, account, outcome, errorCode and finishReason must hold for the last attempt, whose end the client got. A search takes about a second at most: where nextCursor is not null, go on with it.",
      params: nothing,
      query: listRequestsQuery,
      body: noBody,
      answer: requestPage,
      async handle({ admin: { organisationId }, query }) {
        const wish = requestsWish(query, organisationId);
        const times = { fromMs: msOf(query.from), untilMs: msOf(query.until) };
        return requestPageJson(await ledger.listRequests({ ...wish, ...times }));
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
