// Accounts as administrators see them, on a real Postgres with the service's own role.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { openPool, type Pool, sqlState } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { type AdminAccounts, adminAccounts } from "./admin-accounts.ts";
import { type AdministerAdminKeys, administerAdminKeys } from "./administer-admin-keys.ts";
import { makeAdminKey } from "./make-admin-key.ts";
import { seedDemo } from "./seed-demo.ts";

let database: TestDatabase;
let pool: Pool;
let admin: AdminAccounts;
let adminKeys: AdministerAdminKeys;
let keys: Record<string, string>;
before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("budget")] });
  keys = await seedDemo(database.ownerUrl);
  pool = openPool({ url: database.urlAs("waybill_budget"), applicationName: "test", connectionsMax: 4 });
  admin = adminAccounts(pool);
  adminKeys = administerAdminKeys(pool, Date.now);
});
after(async () => {
  await pool.end();
  await database.stop();
});

const parts = (key: string | undefined): [keyId: string, secret: string] => {
  const [, keyId = "", ...secret] = (key ?? "").split("_");
  return [keyId, secret.join("_")];
};
const audit = (organisationId = "") => admin.listAudit({ beforeId: undefined, limit: 100, organisationId });

test("the demo has an admin key for the whole installation, of whose secret only the hash is kept", async () => {
  const [keyId, secret] = parts(keys.admin);
  const found = await adminKeys.findAdminKey(keyId);
  assert.deepEqual([found?.organisationId, found?.role, found?.name], ["", "owner", "demo admin"]);
  assert.deepEqual(Buffer.from(found?.secretSha256 ?? []), createHash("sha256").update(secret).digest());
  assert.equal(await adminKeys.findAdminKey("nobody"), undefined);
});

test("the owner makes a key for an organisation that exists, and the log says so", async () => {
  const made = await makeAdminKey(database.ownerUrl, { organisationId: "acme", name: "ops", role: "viewer" });
  const found = await adminKeys.findAdminKey(parts(made)[0]);
  assert.deepEqual([found?.organisationId, found?.role], ["acme", "viewer"]);
  const [entry] = await audit("acme");
  assert.deepEqual([entry?.action, entry?.kind, entry?.name], ["create", "admin_key", parts(made)[0]]);
  const nobody = makeAdminKey(database.ownerUrl, { organisationId: "nobody", name: "ops", role: "admin" });
  await assert.rejects(nobody, /no organisation nobody/);
});

test("organisations and teams are listed with how many they are", async () => {
  assert.deepEqual(await admin.listOrganisations(), [{ id: "acme", name: "Acme" }]);
  const teams = (await admin.listTeams("acme")).map(({ id, userCount, keyCount }) => [id, userCount, keyCount]);
  assert.deepEqual(teams, [
    ["research", 1, 1],
    ["support", 2, 2],
  ]);
  assert.deepEqual(await admin.listTeams("nobody"), []);
});

test("the log is read newest first, page by page, and only of the organisation asked for", async () => {
  const all = await audit();
  assert.ok(all.length >= 2);
  const [first] = await admin.listAudit({ beforeId: undefined, limit: 1, organisationId: "" });
  assert.equal(first?.id, all[0]?.id);
  const rest = await admin.listAudit({ beforeId: BigInt(first?.id ?? 0), limit: 100, organisationId: "" });
  assert.deepEqual(rest, all.slice(1));
  assert.ok((await audit("acme")).every(({ organisationId }) => organisationId === "acme"));
});

for (const sql of [
  "UPDATE accounts.audit SET reason = ''",
  "DELETE FROM accounts.audit",
  "DELETE FROM accounts.admin_key",
  "UPDATE accounts.admin_key SET organisation_id = ''",
  "UPDATE accounts.virtual_key SET user_id = 'ben'",
]) {
  test(`the service's own role cannot ${sql.split(" ").slice(0, 3).join(" ")}`, async () => {
    await assert.rejects(pool.query(sql), (error) => sqlState(error) === "42501");
  });
}
