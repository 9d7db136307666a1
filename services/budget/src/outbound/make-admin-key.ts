// The first admin keys: made by whoever owns the database, because nobody else is known yet.
import { createHash, randomBytes } from "node:crypto";
import { type Client, connectOnce } from "@waybill/store";

export interface NewAdminKey {
  /** Empty: the whole installation. */
  organisationId: string;
  /** What the audit log shows. */
  name: string;
  /** `admin` may change things, `viewer` may only look. */
  role: "admin" | "viewer";
}

/** Returns the whole key, told this one time. */
export async function insertAdminKey(client: Pick<Client, "query">, key: NewAdminKey): Promise<string> {
  const { organisationId, name, role } = key;
  const keyId = randomBytes(8).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  await client.query(
    `INSERT INTO accounts.admin_key (key_id, secret_sha256, organisation_id, name, role) VALUES ($1, $2, $3, $4, $5)`,
    [keyId, createHash("sha256").update(secret).digest(), organisationId, name, role],
  );
  await client.query(
    `INSERT INTO accounts.audit (actor_id, actor_name, action, kind, name, reason, organisation_id, after)
     VALUES ('owner', 'owner of the database', 'create', 'admin_key', $1, '', $2, $3)`,
    [keyId, organisationId, JSON.stringify({ name, role })],
  );
  return `wba_${keyId}_${secret}`;
}

/** `ownerUrl`: the service's own role may not make admin keys. Rejects when there is no such organisation. */
export async function makeAdminKey(ownerUrl: string, key: NewAdminKey): Promise<string> {
  const client = await connectOnce(ownerUrl, "waybill-budget-admin-key");
  try {
    await client.query("BEGIN");
    const { organisationId } = key;
    const { rowCount } = await client.query("SELECT FROM accounts.organisation WHERE $1 = '' OR id = $1", [
      organisationId,
    ]);
    if (organisationId !== "" && rowCount === 0) throw new Error(`there is no organisation ${organisationId}`);
    const made = await insertAdminKey(client, key);
    await client.query("COMMIT");
    return made;
  } finally {
    // Ends an open transaction, too.
    await client.end();
  }
}
