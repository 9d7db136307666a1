// Organisations, teams, users and keys in Postgres.
import type { Pool } from "@waybill/store";
import { Attribution, KeySummary, VirtualKey } from "@waybill/wire";

interface KeysPage {
  /** Of a team, a user, an organisation; empty: of all. */
  organisationId: string;
  teamId: string;
  userId: string;
  /** Keys behind this id. */
  after: string;
  limit: number;
}

/** What the bucket has to say of a key: that it is revoked, or has changed and by how much. */
export interface KeyState {
  keyId: string;
  isRevoked: boolean;
  revision: bigint;
}

export interface Accounts {
  findKey(keyId: string): Promise<VirtualKey | undefined>;
  /** Undefined: there is none, or it is of another organisation than the one that is named. */
  getKey(keyId: string, organisationId: string): Promise<KeySummary | undefined>;
  /** By key id. */
  listKeys(page: KeysPage): Promise<KeySummary[]>;
  /** Of every key that was revoked or changed. */
  changedKeys(): Promise<KeyState[]>;
}

const SELECT_KEYS = `
  SELECT k.key_id, k.secret_sha256, k.name AS key_name, k.tags, k.metadata, k.allowed_models, k.allowed_routes, k.allowed_surfaces,
    k.max_output_tokens_default, k.previous_secret_sha256, k.revision,
    floor(extract(epoch FROM k.created_at) * 1000)::bigint AS created_at_ms,
    floor(extract(epoch FROM k.previous_secret_until) * 1000)::bigint AS previous_secret_until_ms,
    floor(extract(epoch FROM k.expires_at) * 1000)::bigint AS expires_at_ms,
    floor(extract(epoch FROM k.revoked_at) * 1000)::bigint AS revoked_at_ms,
    o.id AS organisation_id, o.name AS organisation_name, t.id AS team_id, t.name AS team_name, t.cost_centre,
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
  allowed_routes: string[];
  allowed_surfaces: string[];
  max_output_tokens_default: number;
  previous_secret_sha256: Buffer | null;
  revision: bigint;
  created_at_ms: bigint;
  previous_secret_until_ms: bigint | null;
  expires_at_ms: bigint | null;
  revoked_at_ms: bigint | null;
  organisation_id: string;
  organisation_name: string;
  team_id: string;
  team_name: string;
  cost_centre: string;
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
    async getKey(keyId, organisationId) {
      const { rows } = await pool.query<KeyRow>(
        `${SELECT_KEYS} WHERE k.key_id = $1 AND ($2 = '' OR k.organisation_id = $2)`,
        [keyId, organisationId],
      );
      return rows[0] && toSummary(rows[0]);
    },
    async listKeys({ organisationId, teamId, userId, after, limit }) {
      const { rows } = await pool.query<KeyRow>(
        `${SELECT_KEYS} WHERE ($1 = '' OR k.organisation_id = $1) AND ($2 = '' OR u.team_id = $2) AND ($3 = '' OR k.user_id = $3)
           AND k.key_id > $4 ORDER BY k.key_id LIMIT $5`,
        [organisationId, teamId, userId, after, limit],
      );
      return rows.map(toSummary);
    },
    async changedKeys() {
      const { rows } = await pool.query<{ key_id: string; is_revoked: boolean; revision: bigint }>(
        `SELECT key_id, revoked_at IS NOT NULL AS is_revoked, revision FROM accounts.virtual_key
         WHERE revision > 1 OR revoked_at IS NOT NULL`,
      );
      return rows.map(({ key_id: keyId, is_revoked: isRevoked, revision }) => ({ keyId, isRevoked, revision }));
    },
  };
}

function toSummary(row: KeyRow): KeySummary {
  const key = toKey(row);
  const { keyId, attribution, expiresAtMs, revokedAtMs, previousSecretUntilMs } = key;
  const { allowedModels, allowedRoutes, allowedSurfaces, maxOutputTokensDefault, metadata } = key;
  return KeySummary.create({
    ...{ keyId, attribution, expiresAtMs, revokedAtMs, previousSecretUntilMs },
    createdAtMs: row.created_at_ms,
    rules: { allowedModels, allowedRoutes, allowedSurfaces, maxOutputTokensDefault, metadata },
  });
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
      costCentre: row.cost_centre,
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
    allowedRoutes: row.allowed_routes,
    allowedSurfaces: row.allowed_surfaces,
    maxOutputTokensDefault: row.max_output_tokens_default,
    previousSecretSha256: row.previous_secret_sha256 ?? Buffer.alloc(0),
    previousSecretUntilMs: row.previous_secret_until_ms ?? 0n,
    revision: row.revision,
  });
}

/** Values of a JSON object as text; what is no text is told as JSON. */
function texts(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
