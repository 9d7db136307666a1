// Virtual keys: made, changed, rotated and revoked, each in one transaction with its audit row. A secret is in one answer only.

import { WaybillError } from "@waybill/domain";
import type { Client, Pool } from "@waybill/store";
import {
  ACCOUNTS_MAX,
  checkExpiry,
  checkModels,
  checkName,
  checkOutputTokens,
  checkOverlap,
  checkPairs,
  checkRoom,
  checkRoutes,
  checkSurfaces,
} from "../core/account-rules.ts";
import { type ChangeBy, changeAccounts, checkOwn, differs, notFound, writeAudit } from "./account-change.ts";
import { type ChangedKey, lockUser } from "./administer-organisations.ts";
import { issueSecret } from "./issue-secret.ts";

/** Everything of a key that may be changed. */
export interface KeyFields {
  name: string;
  /** Unix milliseconds; 0: never. */
  expiresAtMs: bigint;
  allowedModels: string[];
  allowedRoutes: string[];
  allowedSurfaces: string[];
  /** 0: no default. */
  maxOutputTokensDefault: number;
  metadata: Record<string, string>;
  tags: Record<string, string>;
}

/** Throws WaybillError: invalid_value, not_found, already_exists, accounts_unavailable. */
export interface AdministerKeys {
  createKey(
    by: ChangeBy,
    organisationId: string,
    userId: string,
    fields: KeyFields,
  ): Promise<{ keyId: string; wholeKey: string }>;
  updateKey(by: ChangeBy, keyId: string, fields: Partial<KeyFields>): Promise<ChangedKey>;
  /** The secret of before is good for so long. */
  rotateKey(by: ChangeBy, keyId: string, overlapSeconds: number): Promise<ChangedKey & { wholeKey: string }>;
  /** Once more changes nothing. Unix milliseconds of the first time. */
  revokeKey(by: ChangeBy, keyId: string): Promise<number>;
}

export function administerKeys(pool: Pool, unixMs: () => number): AdministerKeys {
  const change = <T>(work: (client: Client) => Promise<T>): Promise<T> => changeAccounts(pool, work);
  return {
    createKey: (by, organisationId, userId, fields) =>
      change((client) => createKey(client, by, { organisationId, userId, fields, nowMs: unixMs() })),
    updateKey: (by, keyId, fields) => change((client) => updateKey(client, by, keyId, fields, unixMs())),
    rotateKey: (by, keyId, overlapSeconds) => change((client) => rotateKey(client, by, keyId, overlapSeconds)),
    revokeKey: (by, keyId) => change((client) => revokeKey(client, by, keyId)),
  };
}

const CHECKS: { readonly [F in keyof KeyFields]: (field: string, value: KeyFields[F], nowMs: number) => void } = {
  name: checkName,
  expiresAtMs: (_, value, nowMs) => checkExpiry("expiresAt", value, nowMs),
  allowedModels: checkModels,
  allowedRoutes: checkRoutes,
  allowedSurfaces: checkSurfaces,
  maxOutputTokensDefault: checkOutputTokens,
  metadata: checkPairs,
  tags: checkPairs,
};

const FIELDS = Object.keys(CHECKS) as (keyof KeyFields)[];

function checkFields(fields: Partial<KeyFields>, nowMs: number): void {
  const check = <F extends keyof KeyFields>(field: F): void => {
    const value = fields[field];
    if (value !== undefined) CHECKS[field](field, value as KeyFields[F], nowMs);
  };
  for (const field of FIELDS) check(field);
}

interface KeyRow {
  organisation_id: string;
  user_id: string;
  name: string;
  expires_at_ms: bigint | null;
  allowed_models: string[];
  allowed_routes: string[];
  allowed_surfaces: string[];
  max_output_tokens_default: number;
  metadata: Record<string, string>;
  tags: Record<string, string>;
  revoked_at_ms: bigint | null;
}

const LOCK_KEY = `
  SELECT organisation_id, user_id, name, floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at_ms,
    allowed_models, allowed_routes, allowed_surfaces, max_output_tokens_default, metadata, tags,
    floor(extract(epoch FROM revoked_at) * 1000)::bigint AS revoked_at_ms
  FROM accounts.virtual_key WHERE key_id = $1 FOR UPDATE`;

interface LockedKey {
  organisationId: string;
  userId: string;
  fields: KeyFields;
  revokedAtMs: bigint | null;
}

async function lockKey(client: Client, by: ChangeBy, keyId: string): Promise<LockedKey> {
  const { rows } = await client.query<KeyRow>(LOCK_KEY, [keyId]);
  const [row] = rows;
  if (!row) throw notFound("key");
  checkOwn(by, row.organisation_id, "key");
  return {
    organisationId: row.organisation_id,
    userId: row.user_id,
    fields: {
      name: row.name,
      expiresAtMs: row.expires_at_ms ?? 0n,
      allowedModels: row.allowed_models,
      allowedRoutes: row.allowed_routes,
      allowedSurfaces: row.allowed_surfaces,
      maxOutputTokensDefault: row.max_output_tokens_default,
      metadata: row.metadata,
      tags: row.tags,
    },
    revokedAtMs: row.revoked_at_ms,
  };
}

/** What the audit log shows. */
function shown({ expiresAtMs, ...fields }: KeyFields): object {
  return { ...fields, expiresAt: expiresAtMs === 0n ? null : new Date(Number(expiresAtMs)).toISOString() };
}

interface NewKey {
  organisationId: string;
  userId: string;
  fields: KeyFields;
  nowMs: number;
}

async function createKey(
  client: Client,
  by: ChangeBy,
  { organisationId, userId, fields, nowMs }: NewKey,
): Promise<{ keyId: string; wholeKey: string }> {
  checkFields(fields, nowMs);
  await lockUser(client, by, organisationId, userId);
  await checkNameIsFree(client, organisationId, userId, fields.name);
  const { keyId, secretSha256, wholeKey } = issueSecret("wb");
  await client.query(
    `INSERT INTO accounts.virtual_key (key_id, secret_sha256, organisation_id, user_id, name, expires_at, allowed_models, allowed_routes,
       allowed_surfaces, max_output_tokens_default, metadata, tags)
     VALUES ($1, $2, $3, $4, $5, to_timestamp(nullif($6::bigint, 0) / 1000.0), $7, $8, $9, $10, $11, $12)`,
    [...[keyId, secretSha256, organisationId, userId], ...columnsOf(fields)],
  );
  const after = { userId, ...shown(fields) };
  await writeAudit(client, by, { action: "create", kind: "key", name: keyId, organisationId, after });
  return { keyId, wholeKey };
}

/** Who asks a second time because the first answer was lost hears so, and makes no second key unawares. */
async function checkNameIsFree(client: Client, organisationId: string, userId: string, name: string): Promise<void> {
  const { rows } = await client.query<{ keys: number; taken: number }>(
    `SELECT count(*)::int AS keys, count(*) FILTER (WHERE name = $3)::int AS taken FROM accounts.virtual_key
     WHERE organisation_id = $1 AND user_id = $2 AND revoked_at IS NULL`,
    [organisationId, userId, name],
  );
  const { keys = 0, taken = 0 } = rows[0] ?? {};
  if (taken > 0) {
    const publicMessage = `The user has a key of the name ${JSON.stringify(name)} already: rotate it, or revoke it first.`;
    throw new WaybillError("already_exists", { publicMessage, param: "name" });
  }
  checkRoom(keys, ACCOUNTS_MAX.keysOfUser, "keys of this user that are not revoked");
}

function columnsOf(fields: KeyFields): unknown[] {
  const { name, expiresAtMs, allowedModels, allowedRoutes, allowedSurfaces, maxOutputTokensDefault } = fields;
  return [
    ...[name, expiresAtMs, allowedModels, allowedRoutes, allowedSurfaces, maxOutputTokensDefault],
    ...[JSON.stringify(fields.metadata), JSON.stringify(fields.tags)],
  ];
}

async function updateKey(
  client: Client,
  by: ChangeBy,
  keyId: string,
  changed: Partial<KeyFields>,
  nowMs: number,
): Promise<ChangedKey> {
  checkFields(changed, nowMs);
  const { organisationId, userId } = await userOf(client, by, keyId);
  // The user first, as whoever makes a key does.
  if (changed.name !== undefined) await lockUser(client, by, organisationId, userId);
  const { fields: before, revokedAtMs } = await lockKey(client, by, keyId);
  refuseRevoked(revokedAtMs);
  const after = { ...before, ...definedOf(changed) };
  if (!differs(shown(before), shown(after))) return { keyId, revision: await revisionOf(client, keyId) };
  if (after.name !== before.name) await checkNameIsFree(client, organisationId, userId, after.name);
  const { rows } = await client.query<{ revision: bigint }>(
    `UPDATE accounts.virtual_key SET name = $2, expires_at = to_timestamp(nullif($3::bigint, 0) / 1000.0), allowed_models = $4,
       allowed_routes = $5, allowed_surfaces = $6, max_output_tokens_default = $7, metadata = $8, tags = $9, revision = revision + 1
     WHERE key_id = $1 RETURNING revision`,
    [keyId, ...columnsOf(after)],
  );
  const audited = { action: "update", kind: "key", name: keyId, organisationId } as const;
  await writeAudit(client, by, { ...audited, before: shown(before), after: shown(after) });
  return { keyId, revision: rows[0]?.revision ?? 0n };
}

async function userOf(
  client: Client,
  by: ChangeBy,
  keyId: string,
): Promise<{ organisationId: string; userId: string }> {
  const { rows } = await client.query<{ organisation_id: string; user_id: string }>(
    "SELECT organisation_id, user_id FROM accounts.virtual_key WHERE key_id = $1",
    [keyId],
  );
  const [row] = rows;
  if (!row) throw notFound("key");
  checkOwn(by, row.organisation_id, "key");
  return { organisationId: row.organisation_id, userId: row.user_id };
}

function definedOf(fields: Partial<KeyFields>): Partial<KeyFields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function refuseRevoked(revokedAtMs: bigint | null): void {
  if (revokedAtMs === null) return;
  throw new WaybillError("invalid_value", { publicMessage: "The key was revoked, and stays so: make a new one." });
}

async function revisionOf(client: Client, keyId: string): Promise<bigint> {
  const text = "SELECT revision FROM accounts.virtual_key WHERE key_id = $1";
  const { rows } = await client.query<{ revision: bigint }>(text, [keyId]);
  return rows[0]?.revision ?? 0n;
}

async function rotateKey(
  client: Client,
  by: ChangeBy,
  keyId: string,
  overlapSeconds: number,
): Promise<ChangedKey & { wholeKey: string }> {
  checkOverlap("overlapSeconds", overlapSeconds);
  const { organisationId, revokedAtMs } = await lockKey(client, by, keyId);
  refuseRevoked(revokedAtMs);
  const { secretSha256, wholeKey } = issueSecret("wb", keyId);
  const { rows } = await client.query<{ revision: bigint }>(
    `UPDATE accounts.virtual_key SET secret_sha256 = $2, revision = revision + 1,
       previous_secret_sha256 = CASE WHEN $3::int > 0 THEN secret_sha256 END,
       previous_secret_until = CASE WHEN $3::int > 0 THEN now() + make_interval(secs => $3::int) END
     WHERE key_id = $1 RETURNING revision`,
    [keyId, secretSha256, overlapSeconds],
  );
  await writeAudit(client, by, {
    action: "rotate",
    kind: "key",
    name: keyId,
    organisationId,
    after: { overlapSeconds },
  });
  return { keyId, revision: rows[0]?.revision ?? 0n, wholeKey };
}

async function revokeKey(client: Client, by: ChangeBy, keyId: string): Promise<number> {
  const { organisationId, revokedAtMs } = await lockKey(client, by, keyId);
  // Once more changes nothing, and so it is nobody's act.
  if (revokedAtMs !== null) return Number(revokedAtMs);
  const { rows } = await client.query<{ revoked_at_ms: bigint }>(
    `UPDATE accounts.virtual_key SET revoked_at = now(), revision = revision + 1 WHERE key_id = $1
     RETURNING floor(extract(epoch FROM revoked_at) * 1000)::bigint AS revoked_at_ms`,
    [keyId],
  );
  const states = { before: { revoked: false }, after: { revoked: true } };
  await writeAudit(client, by, { action: "revoke", kind: "key", name: keyId, organisationId, ...states });
  return Number(rows[0]?.revoked_at_ms ?? 0n);
}
