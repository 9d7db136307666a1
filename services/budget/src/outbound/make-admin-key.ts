// The first admin keys: made by whoever owns the database, because nobody else is known yet.
import { type Client, connectOnce } from "@waybill/store";
import type { AdminRole } from "../core/account-rules.ts";
import { writeAudit } from "./account-change.ts";
import { issueSecret } from "./issue-secret.ts";

const OWNER_OF_DATABASE = { actorId: "owner", actorName: "owner of the database", reason: "" };

export interface NewAdminKey {
  /** Empty: the whole installation. */
  organisationId: string;
  /** What the audit log shows. */
  name: string;
  /** An `owner` makes all the others. */
  role: AdminRole;
}

/** Returns the whole key, told this one time. */
export async function insertAdminKey(client: Pick<Client, "query">, key: NewAdminKey): Promise<string> {
  const { organisationId, name, role } = key;
  const { keyId, secretSha256, wholeKey } = issueSecret("wba");
  await client.query(
    `INSERT INTO accounts.admin_key (key_id, secret_sha256, organisation_id, name, role) VALUES ($1, $2, $3, $4, $5)`,
    [keyId, secretSha256, organisationId, name, role],
  );
  const audited = { action: "create", kind: "admin_key", name: keyId, organisationId, after: { name, role } } as const;
  await writeAudit(client, OWNER_OF_DATABASE, audited);
  return wholeKey;
}

/** `ownerUrl`: whoever holds it may do everything anyway. Rejects when there is no such organisation. */
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
