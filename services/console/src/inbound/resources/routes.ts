// Routes: made, listed, read, renamed, taken out of service.
import { WaybillError } from "@waybill/domain";
import { CreateRouteRequest, DeleteRouteRequest, ListRoutesRequest, RenameRouteRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/routes.ts";
import { routeJson, versionJson } from "../to-json/route-json.ts";
import { givenDocument, refuseProblems } from "./given-document.ts";
import { ROUTES, refOf, TAG } from "./route-reference.ts";

const HERE = { tag: TAG, dialect: "waybill" } as const;

export function routeEndpoints(owners: Owners): AnyEndpoint[] {
  return [listRoutes(owners), createRoute(owners), getRoute(owners), renameRoute(owners), deleteRoute(owners)];
}

const listRoutes = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: ROUTES,
    id: "listRoutes",
    summary: "Routes by name",
    params: nothing,
    query: schemas.listRoutesQuery,
    body: noBody,
    answer: schemas.routeList,
    async handle({ admin: { organisationId }, query: { after, limit } }) {
      const { routes, total } = await routing.listRoutes(
        ListRoutesRequest.create({ organisationId, afterName: after, limit }),
      );
      const isFull = routes.length === limit;
      return { routes: routes.map(routeJson), total, nextAfter: isFull ? (routes.at(-1)?.name ?? null) : null };
    },
  });

const createRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: ROUTES,
    id: "createRoute",
    summary: "Make a route with its first version",
    params: nothing,
    query: organisationQuery,
    body: schemas.createRouteBody,
    answer: schemas.savedVersion,
    status: 201,
    async handle({ admin: { actor, organisationId }, body }) {
      const given = givenDocument(body);
      const name = body.name ?? given.name;
      if (name === undefined) {
        const publicMessage = "The route has no name: give it one.";
        throw new WaybillError("invalid_value", { publicMessage, param: "name" });
      }
      const { documentJson, source, warnings } = given;
      const { reason, deploy } = body;
      const saved = await routing.createRoute(
        CreateRouteRequest.create({ actor, organisationId, name, documentJson, source, reason, deploy }),
      );
      refuseProblems(saved.problems);
      if (!saved.route || !saved.version) throw new WaybillError("internal_error");
      return { route: routeJson(saved.route), version: versionJson(saved.version), warnings };
    },
  });

const getRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES}/{name}`,
    id: "getRoute",
    summary: "A route, and which of its versions is live",
    params: schemas.routeParams,
    query: organisationQuery,
    body: noBody,
    answer: schemas.route,
    async handle({ admin, params }) {
      return routeJson(await routing.getRoute(refOf(admin, params)));
    },
  });

const renameRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "PATCH",
    path: `${ROUTES}/{name}`,
    id: "renameRoute",
    summary: "Another name; what is deployed goes on under it",
    params: schemas.routeParams,
    query: organisationQuery,
    body: schemas.renameBody,
    answer: schemas.route,
    async handle({ admin, params, body: { name, reason } }) {
      const route = refOf(admin, params);
      return routeJson(
        await routing.renameRoute(RenameRouteRequest.create({ actor: admin.actor, route, name, reason })),
      );
    },
  });

const deleteRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "DELETE",
    path: `${ROUTES}/{name}`,
    id: "deleteRoute",
    summary: "Take a route out of service at once; its versions stay in the audit log",
    params: schemas.routeParams,
    query: schemas.deleteQuery,
    body: noBody,
    answer: schemas.route,
    async handle({ admin, params, query: { reason } }) {
      const route = refOf(admin, params);
      return routeJson(await routing.deleteRoute(DeleteRouteRequest.create({ actor: admin.actor, route, reason })));
    },
  });
