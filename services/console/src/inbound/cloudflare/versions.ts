// Cloudflare's paths for versions and deployments: a version is a draft until it is deployed, and a roll-back is the deployment of an
// older one.
import { WaybillError } from "@waybill/domain";
import {
  CreateVersionRequest,
  DeployVersionRequest,
  ListDeploymentsRequest,
  ListVersionsRequest,
  VersionRef,
} from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, PAGE_MAX } from "../schemas/basics.ts";
import * as schemas from "../schemas/cloudflare.ts";
import { done, ROUTES_PATH, requireGateway, TAG, versionOf } from "./account.ts";
import { readElements, refuseProblems } from "./read-elements.ts";
import { deploymentObject, routeVersionObject, savedVersionObject, versionObject } from "./to-cloudflare.ts";

const HERE = { tag: TAG, dialect: "cloudflare" } as const;
/** Cloudflare's bodies have no reason. */
const REASON = "through the Cloudflare API";
const NEWEST_FIRST = { order_by: "created_at", order_by_direction: "desc" } as const;

export function cloudflareVersions(owners: Owners): AnyEndpoint[] {
  return [
    cloudflareCreateVersion(owners),
    cloudflareListVersions(owners),
    cloudflareGetVersion(owners),
    cloudflareCreateDeployment(owners),
    cloudflareListDeployments(owners),
  ];
}

const cloudflareCreateVersion = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES_PATH}/{id}/versions`,
    id: "cloudflareCreateVersion",
    summary: "Save a version, and deploy nothing",
    params: schemas.routeParams,
    query: nothing,
    body: schemas.versionBody,
    answer: schemas.resultOf(schemas.savedVersion),
    async handle({ admin, params, body }) {
      requireGateway(params);
      const { documentJson, source } = readElements(body.elements);
      const route = { organisationId: admin.organisationId, id: params.id, name: "" };
      const saved = await routing.createVersion(
        CreateVersionRequest.create({ actor: admin.actor, route, documentJson, source, reason: REASON }),
      );
      refuseProblems(saved.problems, body.elements);
      if (!saved.route || !saved.version) throw new WaybillError("internal_error");
      return done(savedVersionObject(saved.route, saved.version));
    },
  });

const cloudflareListVersions = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES_PATH}/{id}/versions`,
    id: "cloudflareListVersions",
    summary: "Versions, newest first",
    params: schemas.routeParams,
    query: schemas.pageQuery,
    body: noBody,
    answer: schemas.versionList,
    async handle({ admin, params, query: { page, per_page } }) {
      requireGateway(params);
      const ref = { organisationId: admin.organisationId, id: params.id, name: "" };
      const route = await routing.getRoute(ref);
      // Versions are numbered without gaps.
      const beforeVersion = route.latestVersion + 1 - (page - 1) * per_page;
      const { versions, total } =
        beforeVersion > 1
          ? await routing.listVersions(ListVersionsRequest.create({ route: ref, beforeVersion, limit: per_page }))
          : { versions: [], total: route.latestVersion };
      const shown = versions.map(versionObject);
      return {
        success: true as const,
        data: { versions: shown, page, per_page, total_count: total, ...NEWEST_FIRST },
      };
    },
  });

const cloudflareGetVersion = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES_PATH}/{id}/versions/{version_id}`,
    id: "cloudflareGetVersion",
    summary: "A version",
    params: schemas.versionParams,
    query: nothing,
    body: noBody,
    answer: schemas.resultOf(schemas.routeVersion),
    async handle({ admin, params }) {
      requireGateway(params);
      const ref = { organisationId: admin.organisationId, id: params.id, name: "" };
      const version = versionOf(params.version_id);
      const [route, found] = await Promise.all([
        routing.getRoute(ref),
        routing.getVersion(VersionRef.create({ route: ref, version })),
      ]);
      return done(routeVersionObject(route, found));
    },
  });

const cloudflareCreateDeployment = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES_PATH}/{id}/deployments`,
    id: "cloudflareCreateDeployment",
    summary: "Put a version in service; with an older one, roll back",
    params: schemas.routeParams,
    query: nothing,
    body: schemas.deploymentBody,
    answer: schemas.resultOf(schemas.savedVersion),
    async handle({ admin, params, body }) {
      requireGateway(params);
      const ref = { organisationId: admin.organisationId, id: params.id, name: "" };
      const version = versionOf(body.version_id);
      const route = await routing.deployVersion(
        DeployVersionRequest.create({ actor: admin.actor, route: ref, version, reason: REASON }),
      );
      const deployed = await routing.getVersion(VersionRef.create({ route: ref, version }));
      return done(savedVersionObject(route, deployed));
    },
  });

const cloudflareListDeployments = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES_PATH}/{id}/deployments`,
    id: "cloudflareListDeployments",
    summary: "Deployments, newest first",
    params: schemas.routeParams,
    query: schemas.pageQuery,
    body: noBody,
    answer: schemas.deploymentList,
    async handle({ admin, params, query: { page, per_page } }) {
      requireGateway(params);
      const route = { organisationId: admin.organisationId, id: params.id, name: "" };
      const limit = Math.min(PAGE_MAX, page * per_page);
      const { deployments, total } = await routing.listDeployments(ListDeploymentsRequest.create({ route, limit }));
      const shown = deployments.slice((page - 1) * per_page, page * per_page).map(deploymentObject);
      return {
        success: true as const,
        data: { deployments: shown, page, per_page, total_count: total, ...NEWEST_FIRST },
      };
    },
  });
