// Organisations, teams, users and keys in Postgres.
import type { Pool } from "@waybill/store";
import { Attribution, KeySummary, VirtualKey } from "@waybill/wire";

export interface Accounts {
  findKey(keyId: string): Promise<VirtualKey | undefined>;
  /** Empty organisation: all. At most 10,000, by key id. */
  listKeys(organisationId: string): Promise<KeySummary[]>;
  revokedKeyIds(): Promise<string[]>;
}

const KEYS_LISTED_MAX = 10_000;

const SELECT_KEYS = `
  SELECT k.key_id, k.secret_sha256, k.name AS key_name, k.tags, k.metadata, k.allowed_models,
    floor(extract(epoch FROM k.expires_at) * 1000)::bigint AS expires_at_ms,
    floor(extract(epoch FROM k.revoked_at) * 1000)::bigint AS revoked_at_ms,
    o.id AS organisation_id, o.name AS organisation_name, t.id AS team_id, t.name AS team_name,
    u.id AS user_id, u.name AS user_name
  FROM accounts.virtual_key k
  JOIN accounts.organisation o ON o.id = k.organisation_id
  JOIN accounts.app_user u ON u.organisation_id = k.organisation_id AND u.id = k.user_id
  JOIN accounts.team t ON t.organisation_id = u.organisation_id AND t.id = u.team_id`;

interface KeyRow {
  key_id: string;
  secret_sha256: Buffer;
  key_name: string;
  tags: Record<string, unknown>;
  metadata: Record<string, unknown>;
  allowed_models: string[];
  expires_at_ms: bigint | null;
  revoked_at_ms: bigint | null;
  organisation_id: string;
  organisation_name: string;
  team_id: string;
  team_name: string;
  user_id: string;
  user_name: string;
}

export function postgresAccounts(pool: Pool): Accounts {
  return {
    async findKey(keyId) {
      const { rows } = await pool.query<KeyRow>({
        name: "find-key",
        text: `${SELECT_KEYS} WHERE k.key_id = $1`,
        values: [keyId],
      });
      return rows[0] && toKey(rows[0]);
    },
    async listKeys(organisationId) {
      const { rows } = await pool.query<KeyRow>(
        `${SELECT_KEYS} WHERE $1 = '' OR k.organisation_id = $1 ORDER BY k.key_id LIMIT ${KEYS_LISTED_MAX}`,
        [organisationId],
      );
      return rows.map((row) => {
        const { keyId, attribution, expiresAtMs, revokedAtMs } = toKey(row);
        return KeySummary.create({ keyId, attribution, expiresAtMs, revokedAtMs });
      });
    },
    async revokedKeyIds() {
      const { rows } = await pool.query<{ key_id: string }>(
        "SELECT key_id FROM accounts.virtual_key WHERE revoked_at IS NOT NULL",
      );
      return rows.map(({ key_id }) => key_id);
    },
  };
}

function toKey(row: KeyRow): VirtualKey {
  return VirtualKey.create({
    keyId: row.key_id,
    secretSha256: row.secret_sha256,
    attribution: Attribution.create({
      organisationId: row.organisation_id,
      organisationName: row.organisation_name,
      teamId: row.team_id,
      teamName: row.team_name,
      userId: row.user_id,
      userName: row.user_name,
      keyId: row.key_id,
      keyName: row.key_name,
      tags: texts(row.tags),
    }),
    expiresAtMs: row.expires_at_ms ?? 0n,
    revokedAtMs: row.revoked_at_ms ?? 0n,
    metadata: texts(row.metadata),
    allowedModels: row.allowed_models,
  });
}

/** Values of a JSON object as text; what is no text is told as JSON. */
function texts(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
