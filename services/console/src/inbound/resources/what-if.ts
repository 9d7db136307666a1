// What if? A request on what is deployed or on a draft, recorded requests on a draft, and a recorded decision once more.
import { WaybillError } from "@waybill/domain";
import { makeUuidV7 } from "@waybill/service";
import {
  Attribution,
  type DecisionRecord,
  type DecisionWithCost,
  fromWirePrice,
  GetRequestRequest,
  ListDecisionsRequest,
  ReplayRequest,
  SimulatedRequest,
  SimulateRequest,
} from "@waybill/wire";
import type { z } from "zod";
import type { Admin } from "../../core/access.ts";
import { compareDecisions } from "../../core/compare-decisions.ts";
import { describedFeatures } from "../../core/simulated-features.ts";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/decisions.ts";
import { explanationJson } from "../to-json/explanation-json.ts";
import { isoTime } from "../to-json/iso-time.ts";
import { givenDocument, refuseProblems } from "./given-document.ts";
import { ROUTES } from "./route-reference.ts";

const HERE = { tag: "decisions", dialect: "waybill" } as const;
/** Recorded requests in one question to the router: each may weigh some kilobytes. */
const SIMULATED_AT_ONCE = 50;

export function whatIfEndpoints(owners: Owners): AnyEndpoint[] {
  return [simulate(owners), planRoute(owners), replay(owners)];
}

const simulate = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/simulate`,
    id: "simulate",
    summary: "Where a request would go, and why; nothing is held and nothing is sent",
    params: nothing,
    query: organisationQuery,
    body: schemas.simulateBody,
    answer: schemas.simulated,
    async handle({ admin, body }) {
      const { route = "", document, request } = body;
      const asked = simulatedRequest(admin, request, route);
      const { problems, decisions } = await routing.simulate(
        SimulateRequest.create({
          documentJson: document === undefined ? "" : JSON.stringify(document),
          organisationId: admin.organisationId,
          route,
          requests: [asked],
        }),
      );
      refuseProblems(problems);
      return { explanation: explanationJson(decisions[0]?.explanation) };
    },
  });

const planRoute = ({ routing, ledger }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/plan`,
    id: "planRoute",
    summary: "What a draft would have meant for requests that were decided, and what that would have cost",
    params: nothing,
    query: organisationQuery,
    body: schemas.planBody,
    answer: schemas.plan,
    async handle({ admin: { organisationId }, body }) {
      const { documentJson } = givenDocument(body);
      const { route, team = "", cursor, limit } = body;
      const page = await ledger.listDecisions(
        ListDecisionsRequest.create({
          ...{ organisationId, teamId: team, route, cursor, limit, firstOnly: true },
          fromMs: msOf(body.from),
          untilMs: msOf(body.until),
        }),
      );
      const draft = { documentJson, organisationId, route };
      const requests = [];
      for (let from = 0; from === 0 || from < page.decisions.length; from += SIMULATED_AT_ONCE) {
        requests.push(...(await planSome(routing, draft, page.decisions.slice(from, from + SIMULATED_AT_ONCE))));
      }
      return { requests, nextCursor: page.nextCursor === "" ? null : page.nextCursor };
    },
  });

const replay = ({ routing, ledger }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: "/api/v1/requests/{id}/replay",
    id: "replay",
    summary: "A recorded decision once more, on the route version it was made on",
    params: schemas.requestParams,
    query: organisationQuery,
    body: schemas.replayBody,
    answer: schemas.replayed,
    async handle({ admin: { organisationId }, params, body }) {
      const { decisions } = await ledger.getRequest(GetRequestRequest.create({ requestId: params.id, organisationId }));
      const attempt = body?.attempt ?? 1;
      const record = decisions.find((decision) => decision.record?.attempt === attempt)?.record;
      if (!record) throw new WaybillError("not_found", { publicMessage: "No decision is recorded for that attempt." });
      const { same, differences, explanation } = await routing.replay(ReplayRequest.create({ record }));
      const recorded = explanationJson(record.explanation);
      return { same, differences, recorded, explanation: explanationJson(explanation) };
    },
  });

function simulatedRequest(
  { organisationId, isOfInstallation }: Admin,
  request: z.output<typeof schemas.simulatedRequest>,
  route: string,
): SimulatedRequest {
  const { caller, allowedModels } = request;
  const model = request.model ?? `dynamic/${route === "" ? "draft" : route}`;
  const said = isOfInstallation ? caller?.organisationId : undefined;
  return SimulatedRequest.create({
    requestId: makeUuidV7(),
    attribution: Attribution.create({ ...caller, organisationId: said ?? organisationId }),
    features: describedFeatures({ ...request, model }),
    allowedModels,
  });
}

type Planned = z.input<typeof schemas.plan>["requests"][number];

async function planSome(
  routing: Owners["routing"],
  draft: { documentJson: string; organisationId: string; route: string },
  recorded: readonly DecisionWithCost[],
): Promise<Planned[]> {
  // Another organisation's route of the same name is not the one that is planned.
  const usable = recorded.flatMap(({ record, cost }) =>
    record?.inputs?.features && record.attribution && isOfRoute(record, draft)
      ? [{ record, inputs: record.inputs, cost }]
      : [],
  );
  const requests = usable.map(({ record: { requestId, attribution }, inputs }) => {
    const { features, allowedModels } = inputs;
    return { requestId, attribution, features, allowedModels, inputs };
  });
  const { problems, decisions } = await routing.simulate(SimulateRequest.create({ ...draft, requests }));
  refuseProblems(problems);
  return usable.flatMap(({ record, cost }, index) => {
    const after = decisions[index];
    if (!record.explanation || !after?.explanation) return [];
    const { explanation: was } = record;
    const { explanation: would } = after;
    const { teamId = "", teamName = "" } = record.attribution ?? {};
    const { requestId, decidedAtMs } = record;
    const compared = compareDecisions(was, cost, would, fromWirePrice(after.price));
    return [{ requestId, decidedAt: isoTime(decidedAtMs), teamId, teamName, ...compared }];
  });
}

function isOfRoute({ explanation }: DecisionRecord, draft: { organisationId: string; route: string }): boolean {
  return explanation?.routeOrganisationId === draft.organisationId && explanation.route === draft.route;
}

/** Absent: 0, which is no bound. */
export function msOf(iso: string | undefined): bigint {
  return iso === undefined ? 0n : BigInt(Date.parse(iso));
}
