// A key of a team that no budget covers: what a hard budget refuses is served to it.
import { createHash, randomBytes } from "node:crypto";
import type { TestStack } from "./start-stack.ts";

/** The whole key. Its team is `design`, beside those of the demo organisation; to be made once for a stack. */
export async function unbudgetedKey(stack: TestStack): Promise<string> {
  const keyId = randomBytes(8).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  await stack.sql("INSERT INTO accounts.team (organisation_id, id, name) VALUES ('acme', 'design', 'Design')");
  await stack.sql(
    "INSERT INTO accounts.app_user (organisation_id, id, team_id, name) VALUES ('acme', 'dora', 'design', 'Dora')",
  );
  await stack.sql(
    `INSERT INTO accounts.virtual_key (key_id, secret_sha256, organisation_id, user_id, name)
     VALUES ($1, $2, 'acme', 'dora', 'Dora''s key')`,
    [keyId, createHash("sha256").update(secret).digest()],
  );
  return `wb_${keyId}_${secret}`;
}
