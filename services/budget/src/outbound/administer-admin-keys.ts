// Admin keys: made, changed, rotated and revoked by owners, each in one transaction with its audit row.
import { WaybillError } from "@waybill/domain";
import type { Client, Pool } from "@waybill/store";
import { AdminKey, AdminKeySummary } from "@waybill/wire";
import { ACCOUNTS_MAX, checkExpiry, checkName, checkOverlap, checkRole, checkRoom } from "../core/account-rules.ts";
import { type ChangeBy, changeAccounts, checkOwn, differs, notFound, writeAudit } from "./account-change.ts";
import { issueSecret } from "./issue-secret.ts";

interface AdminKeyFields {
  name: string;
  role: string;
  /** Unix milliseconds; 0: never. */
  expiresAtMs: bigint;
}

interface IssuedAdmin {
  key: AdminKeySummary;
  wholeKey: string;
}

/** Throws WaybillError: invalid_value, not_found, accounts_unavailable. */
export interface AdministerAdminKeys {
  findAdminKey(keyId: string): Promise<AdminKey | undefined>;
  /** Empty organisation: all, by key id; revoked ones too. At most 10,000. */
  listAdminKeys(organisationId: string): Promise<AdminKeySummary[]>;
  /** Empty organisation: for the installation. */
  createAdminKey(by: ChangeBy, organisationId: string, fields: AdminKeyFields): Promise<IssuedAdmin>;
  updateAdminKey(by: ChangeBy, keyId: string, fields: Partial<AdminKeyFields>): Promise<AdminKeySummary>;
  rotateAdminKey(by: ChangeBy, keyId: string, overlapSeconds: number): Promise<IssuedAdmin>;
  /** Once more changes nothing. */
  revokeAdminKey(by: ChangeBy, keyId: string): Promise<AdminKeySummary>;
}

const LISTED_MAX = 10_000;
const MS = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::bigint`;
const COLUMNS = `key_id, organisation_id, name, role, secret_sha256, previous_secret_sha256, ${MS("created_at")} AS created_at_ms,
  ${MS("expires_at")} AS expires_at_ms, ${MS("revoked_at")} AS revoked_at_ms, ${MS("previous_secret_until")} AS previous_secret_until_ms`;

interface Row {
  key_id: string;
  organisation_id: string;
  name: string;
  role: string;
  secret_sha256: Buffer;
  previous_secret_sha256: Buffer | null;
  created_at_ms: bigint;
  expires_at_ms: bigint | null;
  revoked_at_ms: bigint | null;
  previous_secret_until_ms: bigint | null;
}

export function administerAdminKeys(pool: Pool, unixMs: () => number): AdministerAdminKeys {
  const change = <T>(work: (client: Client) => Promise<T>): Promise<T> => changeAccounts(pool, work);
  return {
    async findAdminKey(keyId) {
      const { rows } = await pool.query<Row>(`SELECT ${COLUMNS} FROM accounts.admin_key WHERE key_id = $1`, [keyId]);
      return rows[0] && toAdminKey(rows[0]);
    },
    async listAdminKeys(organisationId) {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM accounts.admin_key WHERE $1 = '' OR organisation_id = $1 ORDER BY key_id LIMIT ${LISTED_MAX}`,
        [organisationId],
      );
      return rows.map(toSummary);
    },
    createAdminKey: (by, organisationId, fields) =>
      change((client) => createAdminKey(client, by, organisationId, fields, unixMs())),
    updateAdminKey: (by, keyId, fields) => change((client) => updateAdminKey(client, by, keyId, fields, unixMs())),
    rotateAdminKey: (by, keyId, overlapSeconds) => change((client) => rotate(client, by, keyId, overlapSeconds)),
    revokeAdminKey: (by, keyId) => change((client) => revoke(client, by, keyId)),
  };
}

function toAdminKey(row: Row): AdminKey {
  return AdminKey.create({
    keyId: row.key_id,
    secretSha256: row.secret_sha256,
    organisationId: row.organisation_id,
    name: row.name,
    role: row.role,
    expiresAtMs: row.expires_at_ms ?? 0n,
    revokedAtMs: row.revoked_at_ms ?? 0n,
    previousSecretSha256: row.previous_secret_sha256 ?? Buffer.alloc(0),
    previousSecretUntilMs: row.previous_secret_until_ms ?? 0n,
  });
}

function toSummary(row: Row): AdminKeySummary {
  const { secretSha256: _, previousSecretSha256: __, ...seen } = toAdminKey(row);
  return AdminKeySummary.create({ ...seen, createdAtMs: row.created_at_ms });
}

async function createAdminKey(
  client: Client,
  by: ChangeBy,
  organisationId: string,
  { name, role, expiresAtMs }: AdminKeyFields,
  nowMs: number,
): Promise<IssuedAdmin> {
  checkName("name", name);
  checkRole("role", role);
  checkExpiry("expiresAt", expiresAtMs, nowMs);
  checkOwn(by, organisationId, "organisation");
  if (organisationId !== "") {
    // Locked, so that it is not deleted meanwhile.
    const text = "SELECT id FROM accounts.organisation WHERE id = $1 FOR UPDATE";
    const { rows } = await client.query<{ id: string }>(text, [organisationId]);
    if (rows.length === 0) throw notFound("organisation");
  }
  const count = "SELECT count(*)::int AS n FROM accounts.admin_key WHERE organisation_id = $1 AND revoked_at IS NULL";
  const counted = await client.query<{ n: number }>(count, [organisationId]);
  checkRoom(counted.rows[0]?.n ?? 0, ACCOUNTS_MAX.adminKeys, "admin keys that are not revoked");
  const { keyId, secretSha256, wholeKey } = issueSecret("wba");
  const { rows } = await client.query<Row>(
    `INSERT INTO accounts.admin_key (key_id, secret_sha256, organisation_id, name, role, expires_at)
     VALUES ($1, $2, $3, $4, $5, to_timestamp(nullif($6::bigint, 0) / 1000.0)) RETURNING ${COLUMNS}`,
    [keyId, secretSha256, organisationId, name, role, expiresAtMs],
  );
  const key = toSummary(only(rows));
  await writeAudit(client, by, { action: "create", kind: "admin_key", name: keyId, organisationId, after: shown(key) });
  return { key, wholeKey };
}

function only(rows: readonly Row[]): Row {
  const [row] = rows;
  if (!row) throw notFound("admin key");
  return row;
}

/** What the audit log shows. */
function shown({ name, role, expiresAtMs }: AdminKeySummary): object {
  return { name, role, expiresAt: expiresAtMs === 0n ? null : new Date(Number(expiresAtMs)).toISOString() };
}

async function lock(client: Client, by: ChangeBy, keyId: string): Promise<AdminKeySummary> {
  const { rows } = await client.query<Row>(`SELECT ${COLUMNS} FROM accounts.admin_key WHERE key_id = $1 FOR UPDATE`, [
    keyId,
  ]);
  const key = toSummary(only(rows));
  checkOwn(by, key.organisationId, "admin key");
  return key;
}

function refuseRevoked({ revokedAtMs }: AdminKeySummary): void {
  if (revokedAtMs === 0n) return;
  throw new WaybillError("invalid_value", {
    publicMessage: "The admin key was revoked, and stays so: make a new one.",
  });
}

async function updateAdminKey(
  client: Client,
  by: ChangeBy,
  keyId: string,
  fields: Partial<AdminKeyFields>,
  nowMs: number,
): Promise<AdminKeySummary> {
  if (fields.name !== undefined) checkName("name", fields.name);
  if (fields.role !== undefined) checkRole("role", fields.role);
  if (fields.expiresAtMs !== undefined) checkExpiry("expiresAt", fields.expiresAtMs, nowMs);
  const before = await lock(client, by, keyId);
  refuseRevoked(before);
  const wanted = {
    ...before,
    name: fields.name ?? before.name,
    role: fields.role ?? before.role,
    expiresAtMs: fields.expiresAtMs ?? before.expiresAtMs,
  };
  if (!differs(shown(before), shown(wanted))) return before;
  const { rows } = await client.query<Row>(
    `UPDATE accounts.admin_key SET name = $2, role = $3, expires_at = to_timestamp(nullif($4::bigint, 0) / 1000.0)
     WHERE key_id = $1 RETURNING ${COLUMNS}`,
    [keyId, wanted.name, wanted.role, wanted.expiresAtMs],
  );
  const after = toSummary(only(rows));
  const audited = { action: "update", kind: "admin_key", name: keyId, organisationId: before.organisationId } as const;
  await writeAudit(client, by, { ...audited, before: shown(before), after: shown(after) });
  return after;
}

async function rotate(client: Client, by: ChangeBy, keyId: string, overlapSeconds: number): Promise<IssuedAdmin> {
  checkOverlap("overlapSeconds", overlapSeconds);
  const before = await lock(client, by, keyId);
  refuseRevoked(before);
  const { secretSha256, wholeKey } = issueSecret("wba", keyId);
  const { rows } = await client.query<Row>(
    `UPDATE accounts.admin_key SET secret_sha256 = $2,
       previous_secret_sha256 = CASE WHEN $3::int > 0 THEN secret_sha256 END,
       previous_secret_until = CASE WHEN $3::int > 0 THEN now() + make_interval(secs => $3::int) END
     WHERE key_id = $1 RETURNING ${COLUMNS}`,
    [keyId, secretSha256, overlapSeconds],
  );
  const audited = { action: "rotate", kind: "admin_key", name: keyId, organisationId: before.organisationId } as const;
  await writeAudit(client, by, { ...audited, after: { overlapSeconds } });
  return { key: toSummary(only(rows)), wholeKey };
}

async function revoke(client: Client, by: ChangeBy, keyId: string): Promise<AdminKeySummary> {
  const before = await lock(client, by, keyId);
  if (before.revokedAtMs > 0n) return before;
  const { rows } = await client.query<Row>(
    `UPDATE accounts.admin_key SET revoked_at = now() WHERE key_id = $1 RETURNING ${COLUMNS}`,
    [keyId],
  );
  const audited = { action: "revoke", kind: "admin_key", name: keyId, organisationId: before.organisationId } as const;
  await writeAudit(client, by, { ...audited, before: { revoked: false }, after: { revoked: true } });
  return toSummary(only(rows));
}
