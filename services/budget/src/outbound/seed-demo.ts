// The demo organisation: two teams with hard monthly budgets, three users with a key each, and an admin key for the whole
// installation. Only for an empty database.
import { parseUsd } from "@waybill/domain";
import { connectOnce } from "@waybill/store";
import { issueSecret } from "./issue-secret.ts";
import { insertAdminKey } from "./make-admin-key.ts";

const TEAMS = [
  { id: "support", name: "Customer support", limitUsd: "50" },
  { id: "research", name: "Research", limitUsd: "0.02" },
] as const;

const USERS = [
  { id: "ada", name: "Ada", teamId: "support", key: "support_1" },
  { id: "ben", name: "Ben", teamId: "support", key: "support_2" },
  { id: "cleo", name: "Cleo", teamId: "research", key: "research_1" },
] as const;

/** Key name -> the whole key, told this one time; `admin` is the admin key. Empty when there is an organisation already. */
export type SeededKeys = Record<string, string>;

/** `ownerUrl`: no service may make budgets for a whole demo. */
export async function seedDemo(ownerUrl: string): Promise<SeededKeys> {
  const client = await connectOnce(ownerUrl, "waybill-budget-seed");
  const keys: SeededKeys = {};
  try {
    await client.query("BEGIN");
    // Two launchers at once: the second waits and then finds the first one's organisation.
    await client.query("LOCK TABLE accounts.organisation IN EXCLUSIVE MODE");
    const { rowCount } = await client.query("SELECT FROM accounts.organisation LIMIT 1");
    if (rowCount !== 0) return {};
    await client.query("INSERT INTO accounts.organisation (id, name) VALUES ('acme', 'Acme')");
    for (const { id, name, limitUsd } of TEAMS) {
      await client.query("INSERT INTO accounts.team (organisation_id, id, name) VALUES ('acme', $1, $2)", [id, name]);
      await client.query(
        `INSERT INTO budget.budget (id, name, organisation_id, team_id, limit_pico_usd, window_kind, enforcement)
         VALUES ($1, $2, 'acme', $3, $4, 'month', 'hard')`,
        [`acme-${id}-month`, `${name}, per month`, id, parseUsd(limitUsd)],
      );
    }
    for (const { id, name, teamId, key } of USERS) {
      await client.query(
        "INSERT INTO accounts.app_user (organisation_id, id, team_id, name) VALUES ('acme', $1, $2, $3)",
        [id, teamId, name],
      );
      const { keyId, secretSha256, wholeKey } = issueSecret("wb");
      await client.query(
        `INSERT INTO accounts.virtual_key (key_id, secret_sha256, organisation_id, user_id, name)
         VALUES ($1, $2, 'acme', $3, $4)`,
        [keyId, secretSha256, id, `${name}'s key`],
      );
      keys[key] = wholeKey;
    }
    keys.admin = await insertAdminKey(client, { organisationId: "", name: "demo admin", role: "owner" });
    await client.query("COMMIT");
    return keys;
  } finally {
    // Ends an open transaction, too.
    await client.end();
  }
}
