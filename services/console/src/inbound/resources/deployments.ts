// Deployments of a route: what is live, and the way back.
import { DeployVersionRequest, ListDeploymentsRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/routes.ts";
import { deploymentJson, routeJson } from "../to-json/route-json.ts";
import { ROUTES, refOf, TAG } from "./route-reference.ts";

const HERE = { tag: TAG, dialect: "waybill" } as const;

export function deploymentEndpoints(owners: Owners): AnyEndpoint[] {
  return [listDeployments(owners), deployVersion(owners), rollBack(owners)];
}

const listDeployments = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES}/{name}/deployments`,
    id: "listDeployments",
    summary: "What was live when, newest first",
    params: schemas.routeParams,
    query: schemas.listDeploymentsQuery,
    body: noBody,
    answer: schemas.deploymentList,
    async handle({ admin, params, query: { limit } }) {
      const { deployments, total } = await routing.listDeployments(
        ListDeploymentsRequest.create({ route: refOf(admin, params), limit }),
      );
      return { deployments: deployments.map(deploymentJson), total };
    },
  });

const deployVersion = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/{name}/deployments`,
    id: "deployVersion",
    summary: "Put a version in service, everywhere in under a second",
    params: schemas.routeParams,
    query: organisationQuery,
    body: schemas.deployBody,
    answer: schemas.route,
    status: 201,
    async handle({ admin, params, body: { version, reason } }) {
      const route = refOf(admin, params);
      return routeJson(
        await routing.deployVersion(DeployVersionRequest.create({ actor: admin.actor, route, version, reason })),
      );
    },
  });

const rollBack = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/{name}/rollback`,
    id: "rollBack",
    summary: "Put the version in service that was deployed before the present one",
    params: schemas.routeParams,
    query: organisationQuery,
    body: schemas.rollbackBody,
    answer: schemas.route,
    status: 201,
    async handle({ admin, params, body }) {
      const route = refOf(admin, params);
      const question = { actor: admin.actor, route, version: 0, reason: body?.reason ?? "" };
      return routeJson(await routing.deployVersion(DeployVersionRequest.create(question)));
    },
  });
