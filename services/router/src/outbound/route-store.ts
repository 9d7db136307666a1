// Routes as they are read: with what is live, their versions and their deployments.
import type { Client } from "@waybill/store";
import type { Deployment, Route, RouteRef, RouteVersion } from "@waybill/wire";
import { PAGE_BYTES_MAX } from "./audit-log.ts";

type Reader = Pick<Client, "query">;

interface RouteRow {
  id: string;
  organisation_id: string;
  name: string;
  created_at_ms: bigint;
  modified_at_ms: bigint;
  deployed_version: number;
  deployed_at_ms: bigint;
  deployment_id: string;
  latest_version: number;
}

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;

const ROUTE = `
  SELECT r.id, r.organisation_id, r.name, ${MS("r.created_at")} AS created_at_ms, ${MS("r.modified_at")} AS modified_at_ms,
    coalesce(live.version, 0) AS deployed_version, coalesce(${MS("live.deployed_at")}, 0) AS deployed_at_ms,
    coalesce(live.id::text, '') AS deployment_id, latest.version AS latest_version
  FROM routing.route r
  CROSS JOIN LATERAL (SELECT version FROM routing.route_version WHERE route_id = r.id ORDER BY version DESC LIMIT 1) latest
  LEFT JOIN LATERAL (SELECT id, version, deployed_at FROM routing.route_deployment
    WHERE route_id = r.id AND r.deleted_at IS NULL ORDER BY sequence DESC LIMIT 1) live ON true`;

function toRoute(row: RouteRow): Route {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    name: row.name,
    createdAtMs: row.created_at_ms,
    modifiedAtMs: row.modified_at_ms,
    deployedVersion: row.deployed_version,
    deployedAtMs: row.deployed_at_ms,
    deploymentId: row.deployment_id,
    latestVersion: row.latest_version,
  };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By its id where one is given, else by its name. Only a route of that organisation, and none that was deleted. */
export async function findRoute(client: Reader, { organisationId, id, name }: RouteRef): Promise<Route | undefined> {
  if (id !== "" && !UUID.test(id)) return undefined;
  const which = id === "" ? "r.name = $2" : "r.id = $2::uuid";
  const { rows } = await client.query<RouteRow>(
    `${ROUTE} WHERE r.organisation_id = $1 AND ${which} AND r.deleted_at IS NULL`,
    [organisationId, id === "" ? name : id],
  );
  return rows[0] && toRoute(rows[0]);
}

/** Also one that was deleted. */
export async function readRoute(client: Reader, id: string): Promise<Route | undefined> {
  const { rows } = await client.query<RouteRow>(`${ROUTE} WHERE r.id = $1`, [id]);
  return rows[0] && toRoute(rows[0]);
}

/** In the order of their names. */
export async function listRoutes(
  client: Reader,
  { organisationId, afterName, limit }: { organisationId: string; afterName: string; limit: number },
): Promise<{ routes: Route[]; total: number }> {
  const { rows } = await client.query<RouteRow>(
    `${ROUTE} WHERE r.organisation_id = $1 AND r.deleted_at IS NULL AND r.name > $2 ORDER BY r.name LIMIT $3`,
    [organisationId, afterName, limit],
  );
  const total = await count(client, "routing.route WHERE organisation_id = $1 AND deleted_at IS NULL", organisationId);
  return { routes: rows.map(toRoute), total };
}

async function count(client: Reader, from: string, parameter: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`, [parameter]);
  return rows[0]?.n ?? 0;
}

interface VersionRow {
  version: number;
  document: string;
  source_shape: string;
  source_text: string;
  source_warnings: string[];
  created_at_ms: bigint;
  created_by: string;
  reason: string;
}

const VERSION = `SELECT version, document::text AS document, source_shape, source_text, source_warnings,
  ${MS("created_at")} AS created_at_ms, created_by, reason FROM routing.route_version`;

function toVersion(route: Route, row: VersionRow): RouteVersion {
  const { source_shape: shape, source_text: text, source_warnings: warnings } = row;
  return {
    routeId: route.id,
    version: row.version,
    documentJson: row.document,
    source: shape === "" ? undefined : { shape, text, warnings },
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    reason: row.reason,
    deployed: row.version === route.deployedVersion,
  };
}

export async function readVersion(client: Reader, route: Route, version: number): Promise<RouteVersion | undefined> {
  const { rows } = await client.query<VersionRow>(`${VERSION} WHERE route_id = $1 AND version = $2`, [
    route.id,
    version,
  ]);
  return rows[0] && toVersion(route, rows[0]);
}

/** Newest first, below a version. Fewer than `limit` where their documents are large; the first one is always given. */
export async function listVersions(
  client: Reader,
  route: Route,
  { beforeVersion, limit }: { beforeVersion: number; limit: number },
): Promise<{ versions: RouteVersion[]; total: number }> {
  const { rows } = await client.query<VersionRow>(
    `SELECT * FROM (
       SELECT *, sum(length(document) + length(source_text)) OVER newest_first AS weight, row_number() OVER newest_first AS place
       FROM (${VERSION} WHERE route_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3) page
       WINDOW newest_first AS (ORDER BY version DESC)) weighed
     WHERE weight <= $4 OR place = 1 ORDER BY version DESC`,
    [route.id, beforeVersion === 0 ? 2 ** 31 - 1 : beforeVersion, limit, PAGE_BYTES_MAX],
  );
  const total = await count(client, "routing.route_version WHERE route_id = $1", route.id);
  return { versions: rows.map((row) => toVersion(route, row)), total };
}

interface DeploymentRow {
  id: string;
  version: number;
  deployed_at_ms: bigint;
  deployed_by: string;
  reason: string;
}

/** Newest first. */
export async function listDeployments(
  client: Reader,
  routeId: string,
  limit: number,
): Promise<{ deployments: Deployment[]; total: number }> {
  const { rows } = await client.query<DeploymentRow>(
    `SELECT id, version, ${MS("deployed_at")} AS deployed_at_ms, deployed_by, reason FROM routing.route_deployment
     WHERE route_id = $1 ORDER BY sequence DESC LIMIT $2`,
    [routeId, limit],
  );
  const deployments = rows.map(({ deployed_at_ms, deployed_by, ...rest }) => ({
    ...rest,
    deployedAtMs: deployed_at_ms,
    deployedBy: deployed_by,
  }));
  return { deployments, total: await count(client, "routing.route_deployment WHERE route_id = $1", routeId) };
}

/** The version that was live before the one that is. */
export async function readVersionBefore(client: Reader, { id, deployedVersion }: Route): Promise<number | undefined> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT version FROM routing.route_deployment WHERE route_id = $1 AND version <> $2 ORDER BY sequence DESC LIMIT 1`,
    [id, deployedVersion],
  );
  return rows[0]?.version;
}

/** A version's document by the name its route has, or last had before it was deleted. */
export async function readDocument(
  client: Reader,
  organisationId: string,
  name: string,
  version: number,
): Promise<string | undefined> {
  const { rows } = await client.query<{ document: string }>(
    `SELECT v.document::text AS document FROM routing.route r JOIN routing.route_version v ON v.route_id = r.id
     WHERE r.organisation_id = $1 AND r.name = $2 AND v.version = $3
     ORDER BY r.deleted_at DESC NULLS FIRST LIMIT 1`,
    [organisationId, name, version],
  );
  return rows[0]?.document;
}
