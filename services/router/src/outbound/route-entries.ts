// Which versions of which routes stand in the bucket: the one in service, and the newest others to be tried. Documents are read
// only for what has to be written.
import type { Client } from "@waybill/store";
import { routeKey, trialKey } from "../core/config-keys.ts";
import { routeFingerprint, toRouteValue } from "./to-config-entries.ts";

/** Versions of a route that can be tried as <name>@<version> beside the one in service. */
export const TRIALS_MAX = 4;
/** Documents read at once; each has at most DOCUMENT_BYTES_MAX. */
const DOCUMENTS_MAX = 64;

export interface RouteHead {
  routeId: string;
  organisationId: string;
  name: string;
  version: number;
  fingerprint: string;
  deployed: boolean;
}

interface HeadRow {
  id: string;
  organisation_id: string;
  name: string;
  version: number;
  digest: string;
  deployed: boolean | null;
}

/** Routes read at once: more would stop the decisions of this process for too long. */
const ROUTES_PER_PAGE = 500;

const HEADS = `
  SELECT r.id, r.organisation_id, r.name, v.version, v.digest, v.version = live.version AS deployed
  FROM routed r
  LEFT JOIN LATERAL (SELECT version FROM routing.route_deployment WHERE route_id = r.id
                     ORDER BY sequence DESC LIMIT 1) live ON true
  CROSS JOIN LATERAL (
    (SELECT version, digest FROM routing.route_version WHERE route_id = r.id AND version IS DISTINCT FROM live.version
     ORDER BY version DESC LIMIT ${TRIALS_MAX})
    UNION ALL
    (SELECT version, digest FROM routing.route_version WHERE route_id = r.id AND version = live.version)) v
  ORDER BY r.id`;

/** Key -> what should stand there, of some routes. Those on trial come first: nobody who tries one finds a gap. */
export async function readRouteHeads(client: Client, ids: readonly string[]): Promise<Map<string, RouteHead>> {
  const { rows } = await client.query<HeadRow>(
    `WITH routed AS (SELECT * FROM routing.route WHERE deleted_at IS NULL AND id = ANY ($1::uuid[])) ${HEADS}`,
    [ids],
  );
  return toHeads(rows);
}

/** The same of all routes, page by page. */
export async function* readAllRouteHeads(client: Client): AsyncGenerator<Map<string, RouteHead>> {
  let after: string | undefined = NIL;
  while (after !== undefined) {
    const { rows }: { rows: HeadRow[] } = await client.query<HeadRow>(
      `WITH routed AS (SELECT * FROM routing.route WHERE deleted_at IS NULL AND id > $1::uuid ORDER BY id LIMIT $2) ${HEADS}`,
      [after, ROUTES_PER_PAGE],
    );
    yield toHeads(rows);
    after = rows.at(-1)?.id;
  }
}

const NIL = "00000000-0000-0000-0000-000000000000";

function toHeads(rows: readonly HeadRow[]): Map<string, RouteHead> {
  const heads = rows.map(({ id, organisation_id: organisationId, name, version, digest, deployed }): RouteHead => {
    const fingerprint = routeFingerprint(version, digest);
    return { routeId: id, organisationId, name, version, fingerprint, deployed: deployed === true };
  });
  const entries = new Map<string, RouteHead>();
  for (const isDeployed of [false, true]) {
    for (const head of heads) if (head.deployed === isDeployed) entries.set(keyOf(head), head);
  }
  return entries;
}

function keyOf({ organisationId, name, version, deployed }: RouteHead): string {
  return deployed ? routeKey(organisationId, name) : trialKey(organisationId, name, version);
}

/** The values of some keys, a few at a time. */
export async function* readRouteValues(
  client: Client,
  heads: readonly (readonly [string, RouteHead])[],
): AsyncGenerator<[string, Uint8Array][]> {
  for (let at = 0; at < heads.length; at += DOCUMENTS_MAX) {
    const some = heads.slice(at, at + DOCUMENTS_MAX);
    const { rows } = await client.query<{ id: string; version: number; document: string }>(
      `SELECT v.route_id AS id, v.version, v.document::text AS document FROM unnest($1::uuid[], $2::int[]) AS asked(id, version)
       JOIN routing.route_version v ON v.route_id = asked.id AND v.version = asked.version`,
      [some.map(([, { routeId }]) => routeId), some.map(([, { version }]) => version)],
    );
    const documents = new Map(rows.map(({ id, version, document }) => [`${id} ${version}`, document]));
    yield some.flatMap(([key, { routeId, organisationId, name, version, deployed }]): [string, Uint8Array][] => {
      const documentJson = documents.get(`${routeId} ${version}`);
      if (documentJson === undefined) return [];
      return [[key, toRouteValue({ organisationId, name, version, documentJson }, deployed)]];
    });
  }
}
