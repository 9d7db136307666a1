// Cloudflare's paths for routes: create (deploys at once), list, read, rename, delete.
import { WaybillError } from "@waybill/domain";
import {
  CreateRouteRequest,
  DeleteRouteRequest,
  ListRoutesRequest,
  RenameRouteRequest,
  type Route,
  VersionRef,
} from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, PAGE_MAX } from "../schemas/basics.ts";
import * as schemas from "../schemas/cloudflare.ts";
import { done, ROUTES_PATH, requireGateway, TAG } from "./account.ts";
import { readElements, refuseProblems } from "./read-elements.ts";
import { routeObject, savedVersionObject } from "./to-cloudflare.ts";

const HERE = { tag: TAG, dialect: "cloudflare" } as const;
/** Cloudflare's bodies have no reason. */
const REASON = "through the Cloudflare API";

export function cloudflareRoutes(owners: Owners): AnyEndpoint[] {
  return [
    cloudflareCreateRoute(owners),
    cloudflareListRoutes(owners),
    cloudflareGetRoute(owners),
    cloudflareRenameRoute(owners),
    cloudflareDeleteRoute(owners),
  ];
}

const cloudflareCreateRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: ROUTES_PATH,
    id: "cloudflareCreateRoute",
    summary: "Make a route; version 1 is deployed at once",
    params: schemas.accountParams,
    query: nothing,
    body: schemas.createBody,
    answer: schemas.resultOf(schemas.route),
    async handle({ admin, params, body }) {
      requireGateway(params);
      const { documentJson, source } = readElements(body.elements);
      const { actor, organisationId } = admin;
      const saved = await routing.createRoute(
        CreateRouteRequest.create({
          actor,
          organisationId,
          name: body.name,
          documentJson,
          source,
          reason: REASON,
          deploy: true,
        }),
      );
      refuseProblems(saved.problems, body.elements);
      if (!saved.route || !saved.version) throw new WaybillError("internal_error");
      return done(routeObject(saved.route, saved.version));
    },
  });

const cloudflareListRoutes = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: ROUTES_PATH,
    id: "cloudflareListRoutes",
    summary: "Routes by name",
    params: schemas.accountParams,
    query: schemas.pageQuery,
    body: noBody,
    answer: schemas.routeList,
    async handle({ admin, params, query }) {
      requireGateway(params);
      const { page, per_page } = query;
      const { routes, total } = await pageOfRoutes(routing, admin.organisationId, page, per_page);
      const shown = await Promise.all(
        routes.map(async (route) => routeObject(route, await currentVersion(routing, route))),
      );
      return {
        success: true as const,
        data: {
          routes: shown,
          page,
          per_page,
          total_count: total,
          order_by: "name",
          order_by_direction: "asc" as const,
        },
      };
    },
  });

const cloudflareGetRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES_PATH}/{id}`,
    id: "cloudflareGetRoute",
    summary: "A route with its deployed version, else its latest",
    params: schemas.routeParams,
    query: nothing,
    body: noBody,
    answer: schemas.resultOf(schemas.route),
    async handle({ admin, params }) {
      requireGateway(params);
      const route = await routing.getRoute({ organisationId: admin.organisationId, id: params.id, name: "" });
      return done(routeObject(route, await currentVersion(routing, route)));
    },
  });

const cloudflareRenameRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "PATCH",
    path: `${ROUTES_PATH}/{id}`,
    id: "cloudflareRenameRoute",
    summary: "Another name for a route",
    params: schemas.routeParams,
    query: nothing,
    body: schemas.renameBody,
    answer: schemas.renamed,
    async handle({ admin, params, body }) {
      requireGateway(params);
      const { actor, organisationId } = admin;
      const ref = { organisationId, id: params.id, name: "" };
      const route = await routing.renameRoute(
        RenameRouteRequest.create({ actor, route: ref, name: body.name, reason: REASON }),
      );
      return { success: true as const, route: routeObject(route, await currentVersion(routing, route)) };
    },
  });

const cloudflareDeleteRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "DELETE",
    path: `${ROUTES_PATH}/{id}`,
    id: "cloudflareDeleteRoute",
    summary: "Take a route out of service at once",
    params: schemas.routeParams,
    query: nothing,
    body: noBody,
    answer: schemas.resultOf(schemas.savedVersion),
    async handle({ admin, params }) {
      requireGateway(params);
      const { actor, organisationId } = admin;
      const ref = { organisationId, id: params.id, name: "" };
      const version = await routing.getVersion(VersionRef.create({ route: ref }));
      const route = await routing.deleteRoute(DeleteRouteRequest.create({ actor, route: ref, reason: REASON }));
      return done(savedVersionObject(route, version));
    },
  });

function currentVersion(routing: Owners["routing"], { organisationId, id }: Route) {
  return routing.getVersion(VersionRef.create({ route: { organisationId, id, name: "" } }));
}

/** Our owner pages by name, Cloudflare by number. */
async function pageOfRoutes(
  routing: Owners["routing"],
  organisationId: string,
  page: number,
  perPage: number,
): Promise<{ routes: Route[]; total: number }> {
  let toSkip = (page - 1) * perPage;
  for (let afterName = ""; ; ) {
    const { routes, total } = await routing.listRoutes(
      ListRoutesRequest.create({
        organisationId,
        afterName,
        limit: toSkip === 0 ? perPage : Math.min(toSkip, PAGE_MAX),
      }),
    );
    const last = routes.at(-1);
    if (toSkip === 0 || !last) return { routes: toSkip === 0 ? routes : [], total };
    toSkip -= routes.length;
    afterName = last.name;
  }
}
