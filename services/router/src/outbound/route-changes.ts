// Changes of routes, as rows: a version is only added, a deployment is only added, and every change has its audit row. The
// caller holds the routing lock and has checked what it asks for.
import { createHash } from "node:crypto";
import { makeUuidV7 } from "@waybill/service";
import type { Client } from "@waybill/store";
import type { Route, RouteSource } from "@waybill/wire";
import { type By, writeAudit } from "./audit-log.ts";

interface NewVersion {
  /** JSON text. */
  document: string;
  source: RouteSource | undefined;
}

/** Makes the route with its version 1 and returns its id. */
export async function insertRoute(
  client: Client,
  { organisationId, name }: { organisationId: string; name: string },
  first: NewVersion,
  by: By,
): Promise<string> {
  const id = makeUuidV7();
  await client.query("INSERT INTO routing.route (id, organisation_id, name) VALUES ($1, $2, $3)", [
    id,
    organisationId,
    name,
  ]);
  await insertRow(client, id, 1, first, by);
  await writeAudit(client, {
    ...{ ...by, action: "create", kind: "route", name, version: 1, organisationId },
    ...{ before: undefined, after: versionJson(id, first.document) },
  });
  return id;
}

/** Adds the next version and returns its number. */
export async function insertVersion(client: Client, route: Route, next: NewVersion, by: By): Promise<number> {
  const { id, organisationId, name, latestVersion } = route;
  const version = latestVersion + 1;
  await insertRow(client, id, version, next, by);
  await modified(client, id);
  await writeAudit(client, {
    ...{ ...by, action: "version", kind: "route", name, version, organisationId },
    ...{ before: undefined, after: versionJson(id, next.document) },
  });
  return version;
}

async function insertRow(
  client: Client,
  routeId: string,
  version: number,
  { document, source }: NewVersion,
  by: By,
): Promise<void> {
  await client.query(
    `INSERT INTO routing.route_version (route_id, version, document, digest, source_shape, source_text, source_warnings,
                                        created_by, reason)
     VALUES ($1, $2, $3::json, $4, $5, $6, $7, $8, $9)`,
    [
      ...[routeId, version, document, documentDigest(document), source?.shape ?? "", source?.text ?? ""],
      ...[source?.warnings ?? [], by.actorName, by.reason],
    ],
  );
}

/** Names a document's text for ever. */
export function documentDigest(document: string): string {
  return createHash("sha256").update(document).digest("hex");
}

/** Puts a version in service. */
export async function insertDeployment(client: Client, route: Route, version: number, by: By): Promise<void> {
  const { id, organisationId, name, deployedVersion } = route;
  await client.query(
    "INSERT INTO routing.route_deployment (id, route_id, version, deployed_by, reason) VALUES ($1, $2, $3, $4, $5)",
    [makeUuidV7(), id, version, by.actorName, by.reason],
  );
  await modified(client, id);
  await writeAudit(client, {
    ...{ ...by, action: "deploy", kind: "route", name, version, organisationId },
    before: deployedVersion === 0 ? undefined : JSON.stringify({ route_id: id, version: deployedVersion }),
    after: JSON.stringify({ route_id: id, version }),
  });
}

export async function renameRoute(client: Client, route: Route, to: string, by: By): Promise<void> {
  const { id, organisationId, name, deployedVersion } = route;
  await client.query("UPDATE routing.route SET name = $2, modified_at = now() WHERE id = $1", [id, to]);
  await writeAudit(client, {
    ...{ ...by, action: "rename", kind: "route", name: to, version: deployedVersion, organisationId },
    ...{ before: JSON.stringify({ route_id: id, name }), after: JSON.stringify({ route_id: id, name: to }) },
  });
}

/** `live`: the document that was in service, for the audit log. */
export async function deleteRoute(client: Client, route: Route, live: string | undefined, by: By): Promise<void> {
  const { id, organisationId, name, deployedVersion } = route;
  await client.query("UPDATE routing.route SET deleted_at = now(), modified_at = now() WHERE id = $1", [id]);
  await writeAudit(client, {
    ...{ ...by, action: "delete", kind: "route", name, version: deployedVersion, organisationId },
    ...{ before: versionJson(id, live ?? "null"), after: undefined },
  });
}

async function modified(client: Client, id: string): Promise<void> {
  await client.query("UPDATE routing.route SET modified_at = now() WHERE id = $1", [id]);
}

/** The document stands in it as it was written. */
function versionJson(routeId: string, document: string): string {
  return `{"route_id":${JSON.stringify(routeId)},"document":${document}}`;
}

export async function isNameInUse(client: Client, organisationId: string, name: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT FROM routing.route WHERE organisation_id = $1 AND name = $2 AND deleted_at IS NULL",
    [organisationId, name],
  );
  return rowCount !== 0;
}

/** Whether there has ever been a route of that name, deleted or not. */
export async function hasEverBeen(client: Client, organisationId: string, name: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT FROM routing.route WHERE organisation_id = $1 AND name = $2 LIMIT 1",
    [organisationId, name],
  );
  return rowCount !== 0;
}

/** Of all organisations. */
export async function countRoutes(client: Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM routing.route WHERE deleted_at IS NULL",
  );
  return rows[0]?.n ?? 0;
}
