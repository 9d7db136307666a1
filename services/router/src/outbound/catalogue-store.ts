// Providers, models, aliases and content filters in the schema `routing`: versions that never change, and which of them are live.
import type { DeployedAlias, DeployedFilter, DeployedProvider } from "@waybill/catalog";
import { WaybillError } from "@waybill/domain";
import { type Client, type Pool, transact } from "@waybill/store";
import type { StoredModel } from "../core/model-change.ts";
import { type By, writeAudit } from "./audit-log.ts";

/** Who put it there: waybill.yaml, or people. */
export type Source = "file" | "api" | "import";

interface Versioned {
  version: number;
  source: Source;
}

/** One live thing. */
export type DeployedRow = Versioned &
  (
    | { kind: "provider"; name: string; document: DeployedProvider }
    | { kind: "model"; name: string; document: StoredModel }
    | { kind: "alias"; name: string; document: DeployedAlias }
    | { kind: "filter"; name: string; document: DeployedFilter }
  );
export type CatalogueKind = DeployedRow["kind"];
/** What is to be live. */
export type Wanted =
  | { kind: "provider"; name: string; document: DeployedProvider }
  | { kind: "model"; name: string; document: StoredModel }
  | { kind: "alias"; name: string; document: DeployedAlias }
  | { kind: "filter"; name: string; document: DeployedFilter };

/** In one transaction. Changes of routes and catalogue take turns, over all replicas. */
export function inTurn<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  return transact(pool, async (client) => {
    // Released when the transaction ends.
    await client.query("SELECT pg_advisory_xact_lock(hashtext('waybill.routing.deploy'))");
    return work(client);
  });
}

/** The same for people's changes: throws routes_unavailable for what went wrong with Postgres. */
export async function changing<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await inTurn(pool, work);
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("routes_unavailable", { detail, cause: error });
  }
}

/**
 * Makes a document live, as a new version when it differs from what is live, and writes the audit row. Returns the version,
 * and undefined when it was live already.
 */
export async function deployDocument(
  client: Client,
  { kind, name, document }: Wanted,
  source: Source,
  by: By,
): Promise<number | undefined> {
  const json = JSON.stringify(document);
  const live = await client.query<{ before: string; same: boolean }>(
    `SELECT v.document::text AS before, v.document = $3::jsonb AND d.source = $4 AS same
     FROM routing.deployment d JOIN routing.version v USING (kind, name, version) WHERE kind = $1 AND name = $2`,
    [kind, name, json, source],
  );
  const there = live.rows[0];
  if (there?.same) return undefined;
  const inserted = await client.query<{ version: number }>(
    `INSERT INTO routing.version (kind, name, version, document, created_by, source, reason)
     SELECT $1, $2, coalesce(max(version), 0) + 1, $3::jsonb, $4, $5, $6 FROM routing.version WHERE kind = $1 AND name = $2
     RETURNING version`,
    [kind, name, json, by.actorName, source, by.reason],
  );
  const version = inserted.rows[0]?.version ?? 0;
  await client.query(
    `INSERT INTO routing.deployment (kind, name, version, source) VALUES ($1, $2, $3, $4)
     ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, source = excluded.source, deployed_at = now()`,
    [kind, name, version, source],
  );
  await writeAudit(client, {
    ...{ ...by, action: kind, kind, name, version, organisationId: "" },
    ...{ before: there?.before, after: json },
  });
  return version;
}

/** Takes something out of the catalogue; its versions stay. False: it was not live. */
export async function withdraw(client: Client, kind: CatalogueKind, name: string, by: By): Promise<boolean> {
  const { rows } = await client.query<{ before: string }>(
    `DELETE FROM routing.deployment d USING routing.version v
     WHERE d.kind = $1 AND d.name = $2 AND (v.kind, v.name, v.version) = (d.kind, d.name, d.version)
     RETURNING v.document::text AS before`,
    [kind, name],
  );
  const [row] = rows;
  if (!row) return false;
  await writeAudit(client, {
    ...{ ...by, action: "delete", kind, name, version: 0, organisationId: "" },
    ...{ before: row.before, after: undefined },
  });
  return true;
}

/** Everything that is live, or only the things named `<kind> <name>`. */
export async function readDeployed(client: Client, only?: readonly string[]): Promise<DeployedRow[]> {
  const { rows } = await client.query<DeployedRow>(
    `SELECT kind, name, version, d.source, document FROM routing.deployment d JOIN routing.version USING (kind, name, version)
     WHERE $1::text[] IS NULL OR kind || ' ' || name = ANY ($1) ORDER BY kind, name`,
    [only ?? null],
  );
  return rows;
}
