// What administrators ask of accounts: admin keys, organisations, teams, revocation, and the audit log of it all.
import { type Pool, transact } from "@waybill/store";
import { AdminKey, AuditEntry, Organisation, Team } from "@waybill/wire";

/** Who changes something, and why. */
export interface By {
  actorId: string;
  actorName: string;
  reason: string;
}

export interface AdminAccounts {
  findAdminKey(keyId: string): Promise<AdminKey | undefined>;
  /** At most 10,000, by id. */
  listOrganisations(): Promise<Organisation[]>;
  /** Empty organisation: all. At most 10,000, by organisation and id. */
  listTeams(organisationId: string): Promise<Team[]>;
  /**
   * Commits, with the audit row the first time; returns when the key was first revoked (Unix milliseconds), or undefined when
   * there is no such key.
   */
  revokeKey(keyId: string, by: By): Promise<number | undefined>;
  /** Newest first, before an id; organisation empty: of everybody. */
  listAudit(page: { beforeId: bigint | undefined; limit: number; organisationId: string }): Promise<AuditEntry[]>;
}

const LISTED_MAX = 10_000;
const MS = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::bigint`;

interface AdminKeyRow {
  key_id: string;
  secret_sha256: Buffer;
  organisation_id: string;
  name: string;
  role: string;
  expires_at_ms: bigint | null;
  revoked_at_ms: bigint | null;
}

interface TeamRow {
  organisation_id: string;
  id: string;
  name: string;
  user_count: number;
  key_count: number;
}

interface AuditRow {
  id: bigint;
  at_ms: bigint;
  actor_id: string;
  actor_name: string;
  action: string;
  kind: string;
  name: string;
  reason: string;
  organisation_id: string;
  before: string;
  after: string;
}

const LIST_TEAMS = `
  SELECT t.organisation_id, t.id, t.name, count(DISTINCT u.id)::int AS user_count, count(k.key_id)::int AS key_count
  FROM accounts.team t
  LEFT JOIN accounts.app_user u ON u.organisation_id = t.organisation_id AND u.team_id = t.id
  LEFT JOIN accounts.virtual_key k ON k.organisation_id = u.organisation_id AND k.user_id = u.id
  WHERE $1 = '' OR t.organisation_id = $1
  GROUP BY t.organisation_id, t.id, t.name ORDER BY t.organisation_id, t.id LIMIT ${LISTED_MAX}`;

const LIST_AUDIT = `
  SELECT id, ${MS("at")} AS at_ms, actor_id, actor_name, action, kind, name, reason, organisation_id,
    coalesce(before::text, '') AS before, coalesce(after::text, '') AS after
  FROM accounts.audit
  WHERE id < coalesce($1, 9223372036854775807) AND ($2 = '' OR organisation_id = $2) ORDER BY id DESC LIMIT $3`;

export function adminAccounts(pool: Pool): AdminAccounts {
  return {
    async findAdminKey(keyId) {
      const { rows } = await pool.query<AdminKeyRow>(
        `SELECT key_id, secret_sha256, organisation_id, name, role, ${MS("expires_at")} AS expires_at_ms,
           ${MS("revoked_at")} AS revoked_at_ms
         FROM accounts.admin_key WHERE key_id = $1`,
        [keyId],
      );
      return rows[0] && toAdminKey(rows[0]);
    },
    async listOrganisations() {
      const { rows } = await pool.query<{ id: string; name: string }>(
        `SELECT id, name FROM accounts.organisation ORDER BY id LIMIT ${LISTED_MAX}`,
      );
      return rows.map((row) => Organisation.create(row));
    },
    async listTeams(organisationId) {
      const { rows } = await pool.query<TeamRow>(LIST_TEAMS, [organisationId]);
      return rows.map(toTeam);
    },
    revokeKey: (keyId, by) => revokeKey(pool, keyId, by),
    async listAudit({ beforeId, limit, organisationId }) {
      const { rows } = await pool.query<AuditRow>(LIST_AUDIT, [beforeId ?? null, organisationId, limit]);
      return rows.map(toEntry);
    },
  };
}

function revokeKey(pool: Pool, keyId: string, by: By): Promise<number | undefined> {
  return transact(pool, async (client) => {
    const { rows } = await client.query<{ organisation_id: string; was_revoked: boolean; revoked_at_ms: bigint }>(
      `UPDATE accounts.virtual_key k SET revoked_at = coalesce(k.revoked_at, now())
       FROM (SELECT key_id, revoked_at FROM accounts.virtual_key WHERE key_id = $1 FOR UPDATE) before
       WHERE k.key_id = before.key_id
       RETURNING k.organisation_id, before.revoked_at IS NOT NULL AS was_revoked, ${MS("k.revoked_at")} AS revoked_at_ms`,
      [keyId],
    );
    const [key] = rows;
    if (!key) return undefined;
    // Once more changes nothing, and so it is nobody's act.
    if (!key.was_revoked) {
      await client.query(
        `INSERT INTO accounts.audit (actor_id, actor_name, action, kind, name, reason, organisation_id, before, after)
         VALUES ($1, $2, 'revoke', 'key', $3, $4, $5, '{"revoked":false}', '{"revoked":true}')`,
        [by.actorId, by.actorName, keyId, by.reason, key.organisation_id],
      );
    }
    return Number(key.revoked_at_ms);
  });
}

function toAdminKey(row: AdminKeyRow): AdminKey {
  return AdminKey.create({
    keyId: row.key_id,
    secretSha256: row.secret_sha256,
    organisationId: row.organisation_id,
    name: row.name,
    role: row.role,
    expiresAtMs: row.expires_at_ms ?? 0n,
    revokedAtMs: row.revoked_at_ms ?? 0n,
  });
}

function toTeam(row: TeamRow): Team {
  const { organisation_id: organisationId, id, name, user_count: userCount, key_count: keyCount } = row;
  return Team.create({ organisationId, id, name, userCount, keyCount });
}

function toEntry(row: AuditRow): AuditEntry {
  return AuditEntry.create({
    id: row.id.toString(),
    atMs: row.at_ms,
    actor: { adminKeyId: row.actor_id, name: row.actor_name },
    action: row.action,
    kind: row.kind,
    name: row.name,
    reason: row.reason,
    organisationId: row.organisation_id,
    beforeJson: row.before,
    afterJson: row.after,
  });
}
