// Versions of a route: saved, listed, read, compared.
import { WaybillError } from "@waybill/domain";
import { diffDocuments, formatDiff, readRouteDocument } from "@waybill/routes";
import { CreateVersionRequest, ListVersionsRequest, type RouteVersion, VersionRef } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/routes.ts";
import { documentOf, routeJson, versionJson, versionSummaryJson } from "../to-json/route-json.ts";
import { givenDocument, refuseProblems } from "./given-document.ts";
import { ROUTES, refOf, TAG } from "./route-reference.ts";

const HERE = { tag: TAG, dialect: "waybill" } as const;

export function versionEndpoints(owners: Owners): AnyEndpoint[] {
  return [listVersions(owners), createVersion(owners), getVersion(owners), diffVersions(owners)];
}

const listVersions = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES}/{name}/versions`,
    id: "listVersions",
    summary: "Versions, newest first, without their documents",
    params: schemas.routeParams,
    query: schemas.listVersionsQuery,
    body: noBody,
    answer: schemas.versionList,
    async handle({ admin, params, query: { before, limit } }) {
      const { versions, total } = await routing.listVersions(
        ListVersionsRequest.create({ route: refOf(admin, params), beforeVersion: before, limit }),
      );
      // A page is shorter than asked for where documents are large; version 1 is the last one.
      const oldest = versions.at(-1)?.version ?? 1;
      return { versions: versions.map(versionSummaryJson), total, nextBefore: oldest > 1 ? oldest : null };
    },
  });

const createVersion = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/{name}/versions`,
    id: "createVersion",
    summary: "Save a version; a draft unless it is deployed",
    params: schemas.routeParams,
    query: organisationQuery,
    body: schemas.createVersionBody,
    answer: schemas.savedVersion,
    status: 201,
    async handle({ admin, params, body }) {
      const { documentJson, source, warnings } = givenDocument(body);
      const { reason, deploy, basedOnVersion = 0 } = body;
      const question = { route: refOf(admin, params), documentJson, source, reason, deploy, basedOnVersion };
      const saved = await routing.createVersion(CreateVersionRequest.create({ actor: admin.actor, ...question }));
      refuseProblems(saved.problems);
      if (!saved.route || !saved.version) throw new WaybillError("internal_error");
      return { route: routeJson(saved.route), version: versionJson(saved.version), warnings };
    },
  });

const getVersion = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES}/{name}/versions/{version}`,
    id: "getVersion",
    summary: "A version with its document",
    params: schemas.versionParams,
    query: organisationQuery,
    body: noBody,
    answer: schemas.routeVersion,
    async handle({ admin, params }) {
      const version = params.version === "current" ? 0 : params.version;
      return versionJson(await routing.getVersion(VersionRef.create({ route: refOf(admin, params), version })));
    },
  });

const diffVersions = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES}/{name}/diff`,
    id: "diffVersions",
    summary: "What differs between two versions, node by node",
    params: schemas.routeParams,
    query: schemas.diffQuery,
    body: noBody,
    answer: schemas.routeDiff,
    async handle({ admin, params, query }) {
      const route = refOf(admin, params);
      const { latestVersion } = await routing.getRoute(route);
      const [from, to] = await Promise.all([
        routing.getVersion(VersionRef.create({ route, version: query.from ?? 0 })),
        routing.getVersion(VersionRef.create({ route, version: query.to ?? latestVersion })),
      ]);
      return diffJson(from, to);
    },
  });

function diffJson(from: RouteVersion, to: RouteVersion) {
  const read = (version: RouteVersion) => readRouteDocument(documentOf(version)).document;
  const diff = diffDocuments(read(from), read(to));
  return {
    from: from.version,
    to: to.version,
    added: [...diff.added],
    removed: [...diff.removed],
    changed: diff.changed.map(({ id, fields }) => ({
      id,
      fields: fields.map(({ field, from: before, to: after }) => ({ field, from: before ?? null, to: after ?? null })),
    })),
    lines: formatDiff(diff),
  };
}
