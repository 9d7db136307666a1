// The audit log: one row for each change, written in the transaction of the change and never touched again.
import type { Client } from "@waybill/store";
import type { AuditEntry } from "@waybill/wire";

/** Who changes something, and why. */
export interface By {
  /** The admin key; empty: no person. */
  actorId: string;
  actorName: string;
  reason: string;
}

export interface Change extends By {
  action: "create" | "version" | "deploy" | "rename" | "delete" | "provider" | "model" | "alias" | "filter";
  kind: "route" | "provider" | "model" | "alias" | "filter";
  name: string;
  /** 0: the change has none. */
  version: number;
  organisationId: string;
  /** JSON; undefined: nothing. */
  before: string | undefined;
  after: string | undefined;
}

export async function writeAudit(client: Client, change: Change): Promise<void> {
  const { actorId, actorName, action, kind, name, version, reason, organisationId, before, after } = change;
  await client.query(
    `INSERT INTO routing.audit (actor_id, actor_name, action, kind, name, version, reason, organisation_id, before, after)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [actorId, actorName, action, kind, name, version, reason, organisationId, before ?? null, after ?? null],
  );
}

interface AuditRow {
  id: bigint;
  at_ms: bigint;
  actor_id: string;
  actor_name: string;
  action: string;
  kind: string;
  name: string;
  version: number;
  reason: string;
  organisation_id: string;
  before: string;
  after: string;
}

/** What a page may weigh, far below a message's largest size; its first entry is always given. */
export const PAGE_BYTES_MAX = 1_500_000;
const ID_MAX = 2n ** 63n - 1n;

/** Newest first, before an id; organisation empty: of everybody. Fewer than `limit` where the documents in them are large. */
export async function readAudit(
  client: Pick<Client, "query">,
  { beforeId, limit, organisationId }: { beforeId: bigint | undefined; limit: number; organisationId: string },
): Promise<AuditEntry[]> {
  const whose = organisationId === "" ? "" : "AND organisation_id = $4";
  const { rows } = await client.query<AuditRow>(
    `SELECT * FROM (
       SELECT id, (extract(epoch FROM at) * 1000)::bigint AS at_ms, actor_id, actor_name, action, kind, name, version, reason,
              organisation_id, coalesce(before::text, '') AS before, coalesce(after::text, '') AS after,
              sum(coalesce(length(before::text), 0) + coalesce(length(after::text), 0)) OVER newest_first AS weight,
              row_number() OVER newest_first AS place
       FROM (SELECT * FROM routing.audit WHERE id < $1 ${whose} ORDER BY id DESC LIMIT $2) page
       WINDOW newest_first AS (ORDER BY id DESC)) weighed
     WHERE weight <= $3 OR place = 1 ORDER BY id DESC`,
    [beforeId ?? ID_MAX, limit, PAGE_BYTES_MAX, ...(organisationId === "" ? [] : [organisationId])],
  );
  return rows.map((row) => ({
    id: row.id.toString(),
    atMs: row.at_ms,
    actor: { adminKeyId: row.actor_id, name: row.actor_name },
    action: row.action,
    kind: row.kind,
    name: row.name,
    version: row.version,
    reason: row.reason,
    organisationId: row.organisation_id,
    beforeJson: row.before,
    afterJson: row.after,
  }));
}
