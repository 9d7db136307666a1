// Recorded requests run again on a draft of their route: run by the router, summed, with progress for whoever wants to hear it.
import { WaybillError } from "@waybill/domain";
import { BacktestRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import * as schemas from "../schemas/backtests.ts";
import { nothing, organisationQuery } from "../schemas/basics.ts";
import { backtestJson } from "../to-json/backtest-json.ts";
import { givenDocument, refuseProblems } from "./given-document.ts";
import { ROUTES } from "./route-reference.ts";
import { msOf } from "./what-if.ts";

export function backtestEndpoints(owners: Owners): AnyEndpoint[] {
  return [backtestRoute(owners)];
}

const backtestRoute = ({ routing }: Owners): AnyEndpoint =>
  endpoint({
    tag: "decisions",
    dialect: "waybill",
    method: "POST",
    path: `${ROUTES}/backtests`,
    id: "backtestRoute",
    summary:
      "What a draft would have meant for the recorded requests of a route, summed, and how far that can be trusted",
    description:
      'With `Accept: application/x-ndjson`: lines of {"progress": {"requests", "total"}}, then one {"result"} as below, or {"error"}. One at a time in each router.',
    tellsProgress: true,
    params: nothing,
    query: organisationQuery,
    body: schemas.backtestBody,
    answer: schemas.backtest,
    async handle({ admin: { organisationId }, body }, { tell, signal }) {
      const { documentJson } = givenDocument(body);
      const { route, team = "", requestsMax } = body;
      const times = { fromMs: msOf(body.from), untilMs: msOf(body.until) };
      const asked = BacktestRequest.create({
        documentJson,
        organisationId,
        route,
        teamId: team,
        ...times,
        requestsMax,
      });
      for await (const { update } of routing.backtest(asked, signal)) {
        if (update?.$case === "problems") refuseProblems(update.value.problems);
        if (update?.$case === "result") return backtestJson(route, update.value);
        if (update?.$case !== "progress") continue;
        tell({ requests: Number(update.value.requests), total: Number(update.value.total) });
      }
      throw new WaybillError("routes_unavailable", { publicMessage: "The backtest broke off; try again." });
    },
  });
