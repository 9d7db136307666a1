// Accounts as administrators change them, on a real Postgres with the service's own role: what is kept, what is refused, what is audited.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { connectOnce, openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import type { ChangeBy } from "./account-change.ts";
import { type AdminAccounts, adminAccounts } from "./admin-accounts.ts";
import { type AdministerAdminKeys, administerAdminKeys } from "./administer-admin-keys.ts";
import { type AdministerKeys, administerKeys, type KeyFields } from "./administer-keys.ts";
import { type AdministerOrganisations, administerOrganisations } from "./administer-organisations.ts";
import { type Accounts, postgresAccounts } from "./postgres-accounts.ts";

const NOW_MS = Date.now();
const BY: ChangeBy = { actorId: "abcd1234", actorName: "Ada", reason: "because", organisationId: "" };
const OF_OTHER: ChangeBy = { ...BY, organisationId: "other" };
const KEY: KeyFields = {
  name: "laptop",
  expiresAtMs: 0n,
  allowedModels: [],
  allowedRoutes: [],
  allowedSurfaces: [],
  maxOutputTokensDefault: 0,
  metadata: {},
  tags: {},
};

let database: TestDatabase;
let pool: Pool;
let seen: AdminAccounts;
let accounts: Accounts;
let organisations: AdministerOrganisations;
let keys: AdministerKeys;
let adminKeys: AdministerAdminKeys;
before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("budget")] });
  pool = openPool({ url: database.urlAs("waybill_budget"), applicationName: "test", connectionsMax: 8 });
  seen = adminAccounts(pool);
  accounts = postgresAccounts(pool);
  organisations = administerOrganisations(pool);
  keys = administerKeys(pool, () => NOW_MS);
  adminKeys = administerAdminKeys(pool, () => NOW_MS);
  await organisations.createOrganisation(BY, "acme", "Acme");
  await organisations.createOrganisation(BY, "other", "Other");
  await organisations.createTeam(BY, "acme", "support", { name: "Support", costCentre: "4711" });
  await organisations.createTeam(BY, "acme", "research", {});
  await organisations.createUser(BY, "acme", "ada", { name: "Ada", teamId: "support" });
});
after(async () => {
  await pool.end();
  await database.stop();
});

const refused = (code: string, message?: RegExp) => (error: unknown) =>
  error instanceof WaybillError && error.code === code && (message === undefined || message.test(error.publicMessage));
const sha256 = (wholeKey: string): Buffer =>
  createHash("sha256").update(wholeKey.split("_").slice(2).join("_")).digest();
const newest = async () => (await seen.listAudit({ beforeId: undefined, limit: 1, organisationId: "" }))[0];
const auditCount = async (): Promise<number> =>
  (await seen.listAudit({ beforeId: undefined, limit: 1_000, organisationId: "" })).length;
let names = 0;
const newKey = (fields: Partial<KeyFields> = {}, userId = "ada") => {
  names += 1;
  return keys.createKey(BY, "acme", userId, { ...KEY, name: `key ${names}`, ...fields });
};

describe("organisations, teams and users", () => {
  it("are made and changed once each, with what stood there before in the log", async () => {
    await organisations.updateTeam(BY, "acme", "support", { costCentre: "4712" });
    const entry = await newest();
    assert.deepEqual(
      [entry?.action, entry?.kind, entry?.name, entry?.reason, entry?.organisationId],
      [...["update", "team", "support", "because", "acme"]],
    );
    assert.deepEqual(JSON.parse(entry?.beforeJson ?? ""), { name: "Support", costCentre: "4711" });
    assert.deepEqual(JSON.parse(entry?.afterJson ?? ""), { name: "Support", costCentre: "4712" });
    const before = await auditCount();
    await organisations.updateTeam(BY, "acme", "support", { costCentre: "4712" });
    await organisations.updateOrganisation(BY, "acme", "Acme");
    assert.equal(await auditCount(), before, "what changes nothing is nobody's act");
    const team = (await seen.listTeams("acme")).find(({ id }) => id === "support");
    assert.deepEqual([team?.costCentre, team?.userCount], ["4712", 1]);
  });

  it("are refused where they are there already, are not there, or are of another organisation", async () => {
    await assert.rejects(organisations.createTeam(BY, "acme", "support", {}), refused("already_exists"));
    await assert.rejects(organisations.createTeam(BY, "nobody", "x", {}), refused("not_found", /organisation/));
    await assert.rejects(organisations.createUser(BY, "acme", "x", { teamId: "nobody" }), refused("not_found", /team/));
    await assert.rejects(organisations.updateUser(BY, "acme", "nobody", { name: "x" }), refused("not_found", /user/));
    const others: (() => Promise<unknown>)[] = [
      () => organisations.updateOrganisation(OF_OTHER, "acme", "x"),
      () => organisations.deleteOrganisation(OF_OTHER, "acme"),
      () => organisations.createTeam(OF_OTHER, "acme", "x", {}),
      () => organisations.updateTeam(OF_OTHER, "acme", "support", { name: "x" }),
      () => organisations.deleteTeam(OF_OTHER, "acme", "research"),
      () => organisations.createUser(OF_OTHER, "acme", "x", { teamId: "support" }),
      () => organisations.updateUser(OF_OTHER, "acme", "ada", { name: "x" }),
      () => organisations.deleteUser(OF_OTHER, "acme", "ada"),
      () => keys.createKey(OF_OTHER, "acme", "ada", KEY),
    ];
    for (const other of others) await assert.rejects(other(), refused("not_found"));
    assert.ok((await seen.listTeams("acme")).some(({ id }) => id === "research"));
  });

  it("in use stay, and the refusal says by what", async () => {
    await newKey();
    await assert.rejects(organisations.deleteOrganisation(BY, "acme"), refused("in_use", /2 teams/));
    await assert.rejects(organisations.deleteTeam(BY, "acme", "support"), refused("in_use", /1 users/));
    await assert.rejects(organisations.deleteUser(BY, "acme", "ada"), refused("in_use", /1 keys that are not revoked/));
    const owner = await connectOnce(database.ownerUrl, "test");
    await owner.query(
      `INSERT INTO budget.budget (id, name, organisation_id, team_id, limit_pico_usd, window_kind) VALUES ('b', 'B', 'acme', 'research', 1, 'day')`,
    );
    await assert.rejects(organisations.deleteTeam(BY, "acme", "research"), refused("in_use", /1 budgets/));
    await owner.query("DELETE FROM budget.budget");
    await owner.end();
    await organisations.deleteTeam(BY, "acme", "research");
    assert.ok(!(await seen.listTeams("acme")).some(({ id }) => id === "research"));
    await organisations.createTeam(BY, "acme", "research", {});
  });

  it("once empty are deleted, with revoked keys and the row that says that there are no counters", async () => {
    await organisations.createOrganisation(BY, "gone", "Gone");
    await organisations.createTeam(BY, "gone", "t", {});
    await organisations.createUser(BY, "gone", "u", { teamId: "t" });
    const { keyId } = await keys.createKey(BY, "gone", "u", KEY);
    await keys.revokeKey(BY, keyId);
    const owner = await connectOnce(database.ownerUrl, "test");
    await owner.query("INSERT INTO budget.limit_count VALUES ('gone', 0)");
    await owner.end();
    await organisations.deleteUser(BY, "gone", "u");
    assert.equal(await accounts.findKey(keyId), undefined);
    await organisations.deleteTeam(BY, "gone", "t");
    await organisations.deleteOrganisation(BY, "gone");
    assert.ok(!(await seen.listOrganisations()).some(({ id }) => id === "gone"));
  });

  it("a user who moves takes the keys along, each with a new revision", async () => {
    await organisations.createUser(BY, "acme", "mover", { teamId: "support" });
    const { keyId } = await newKey({}, "mover");
    const { user, keys: changed } = await organisations.updateUser(BY, "acme", "mover", { teamId: "research" });
    assert.deepEqual([user.teamId, changed], ["research", [{ keyId, revision: 2n }]]);
    const found = await accounts.findKey(keyId);
    assert.deepEqual([found?.attribution?.teamId, found?.revision], ["research", 2n]);
    assert.deepEqual((await organisations.updateUser(BY, "acme", "mover", { name: "M" })).keys, []);
  });

  it("users are listed page by page, of a team too", async () => {
    const all = await seen.listUsers({ organisationId: "", teamId: "", after: ["", ""], limit: 10 });
    const [first] = await seen.listUsers({ organisationId: "", teamId: "", after: ["", ""], limit: 1 });
    const rest = await seen.listUsers({
      ...{ organisationId: "", teamId: "", limit: 10 },
      after: [first?.organisationId ?? "", first?.id ?? ""],
    });
    assert.deepEqual([first, ...rest], all);
    const research = await seen.listUsers({ organisationId: "acme", teamId: "research", after: ["", ""], limit: 10 });
    assert.deepEqual(
      research.map(({ id }) => id),
      ["mover"],
    );
  });
});

describe("keys", () => {
  it("are made with all they say; of the secret only the hash is kept, and the log has neither", async () => {
    const fields: KeyFields = {
      name: "ci",
      expiresAtMs: BigInt(NOW_MS + 60_000),
      allowedModels: ["p/m", "auto"],
      allowedRoutes: ["support"],
      allowedSurfaces: ["openai-chat"],
      maxOutputTokensDefault: 256,
      metadata: { plan: "paid" },
      tags: { project: "x" },
    };
    const { keyId, wholeKey } = await keys.createKey(BY, "acme", "ada", fields);
    const found = await accounts.findKey(keyId);
    assert.ok(found);
    assert.deepEqual(Buffer.from(found.secretSha256), sha256(wholeKey));
    const { name: _, tags, ...rules } = fields;
    const {
      keyId: __,
      secretSha256: ___,
      attribution,
      revokedAtMs,
      previousSecretSha256,
      previousSecretUntilMs,
      ...kept
    } = found;
    assert.deepEqual(kept, { ...rules, revision: 1n });
    assert.deepEqual([attribution?.keyName, attribution?.userId, attribution?.tags], ["ci", "ada", tags]);
    assert.deepEqual([revokedAtMs, previousSecretUntilMs, previousSecretSha256.length], [0n, 0n, 0]);
    const entry = await newest();
    assert.deepEqual([entry?.action, entry?.kind, entry?.name], ["create", "key", keyId]);
    const secret = wholeKey.split("_").slice(2).join("_");
    const { rows } = await pool.query<{ text: string }>("SELECT a::text AS text FROM accounts.audit a");
    for (const { text } of rows) {
      for (const form of [secret, sha256(wholeKey).toString("hex"), sha256(wholeKey).toString("base64")]) {
        assert.ok(!text.includes(form), text);
      }
    }
  });

  it("of one name are made once, also by many who ask at the same time", async () => {
    // Connections that are open already, so that they do come at the same time.
    await Promise.all(Array.from({ length: 8 }, () => pool.query("SELECT pg_sleep(0.2)")));
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => keys.createKey(BY, "acme", "ada", { ...KEY, name: "one" })),
    );
    assert.equal(answers.filter(({ status }) => status === "fulfilled").length, 1);
    for (const answer of answers) if (answer.status === "rejected") assert.ok(refused("already_exists")(answer.reason));
    const list = await accounts.listKeys({ organisationId: "acme", teamId: "", userId: "ada", after: "", limit: 100 });
    const made = list.filter(({ attribution }) => attribution?.keyName === "one");
    assert.equal(made.length, 1);
    await keys.revokeKey(BY, made[0]?.keyId ?? "");
    assert.ok(await keys.createKey(BY, "acme", "ada", { ...KEY, name: "one" }), "a revoked one leaves its name");
  });

  it("are changed as far as is said, and each change raises the revision", async () => {
    const { keyId } = await newKey({ allowedModels: ["a"], tags: { a: "1" } });
    assert.deepEqual(await keys.updateKey(BY, keyId, { maxOutputTokensDefault: 9 }), { keyId, revision: 2n });
    assert.deepEqual(await keys.updateKey(BY, keyId, { maxOutputTokensDefault: 9 }), { keyId, revision: 2n });
    await keys.updateKey(BY, keyId, { allowedModels: [], expiresAtMs: BigInt(NOW_MS + 1_000) });
    await keys.updateKey(BY, keyId, { expiresAtMs: 0n });
    const found = await accounts.findKey(keyId);
    assert.deepEqual(
      [found?.allowedModels, found?.maxOutputTokensDefault, found?.expiresAtMs, found?.revision],
      [[], 9, 0n, 4n],
    );
    assert.deepEqual(found?.attribution?.tags, { a: "1" });
    const both = await Promise.all(
      [{ metadata: { x: "1" } }, { tags: { y: "2" } }].map((fields) => keys.updateKey(BY, keyId, fields)),
    );
    assert.deepEqual(both.map(({ revision }) => revision).sort(), [5n, 6n], "two at once lose nothing");
    const last = await accounts.findKey(keyId);
    assert.deepEqual([last?.metadata, last?.attribution?.tags], [{ x: "1" }, { y: "2" }]);
  });

  it("say what is wrong by its field, and nothing is changed", async () => {
    const { keyId } = await newKey();
    const before = await accounts.findKey(keyId);
    for (const fields of [
      { expiresAtMs: BigInt(NOW_MS) },
      { allowedRoutes: ["dynamic/x"] },
      { allowedSurfaces: ["X"] },
      { maxOutputTokensDefault: -1 },
      { name: " " },
      { tags: { "": "x" } },
      { metadata: { a: "\u0000" } },
    ]) {
      const [field] = Object.keys(fields);
      const param = field === "expiresAtMs" ? "expiresAt" : field;
      await assert.rejects(keys.updateKey(BY, keyId, fields), (error) => {
        return error instanceof WaybillError && error.code === "invalid_value" && error.param === param;
      });
    }
    assert.deepEqual(await accounts.findKey(keyId), before);
  });

  it("are rotated with the secret of before good for as long as is said, or not at all", async () => {
    const { keyId, wholeKey } = await newKey();
    const first = await keys.rotateKey(BY, keyId, 3_600);
    const found = await accounts.findKey(keyId);
    assert.ok(found);
    assert.deepEqual(Buffer.from(found.secretSha256), sha256(first.wholeKey));
    assert.deepEqual(Buffer.from(found.previousSecretSha256), sha256(wholeKey));
    assert.ok(Math.abs(Number(found.previousSecretUntilMs) - NOW_MS - 3_600_000) < 60_000);
    assert.equal(first.revision, 2n);
    const second = await keys.rotateKey(BY, keyId, 0);
    const now = await accounts.findKey(keyId);
    assert.deepEqual(Buffer.from(now?.secretSha256 ?? []), sha256(second.wholeKey));
    assert.deepEqual([now?.previousSecretSha256.length, now?.previousSecretUntilMs], [0, 0n]);
    await assert.rejects(keys.rotateKey(BY, keyId, 2_592_001), refused("invalid_value", /30 days/));
    assert.deepEqual(JSON.parse((await newest())?.afterJson ?? ""), { overlapSeconds: 0 });
  });

  it("are revoked once, with who and why, however often and by how many it is asked for; and stay so", async () => {
    const { keyId } = await newKey();
    const before = await auditCount();
    const times = await Promise.all([1, 2, 3].map(() => keys.revokeKey(BY, keyId)));
    assert.equal(new Set(times).size, 1);
    assert.equal(await auditCount(), before + 1);
    const entry = await newest();
    assert.deepEqual(
      [entry?.action, entry?.name, entry?.actor?.adminKeyId, entry?.reason],
      ["revoke", keyId, "abcd1234", "because"],
    );
    await assert.rejects(keys.rotateKey(BY, keyId, 0), refused("invalid_value", /revoked/));
    await assert.rejects(keys.updateKey(BY, keyId, { name: "x" }), refused("invalid_value", /revoked/));
    assert.deepEqual(
      (await accounts.changedKeys()).find((key) => key.keyId === keyId),
      { keyId, isRevoked: true, revision: 2n },
    );
  });

  it("of another organisation are not even said to be there", async () => {
    const { keyId } = await newKey();
    for (const change of [
      () => keys.updateKey(OF_OTHER, keyId, { name: "x" }),
      () => keys.rotateKey(OF_OTHER, keyId, 0),
      () => keys.revokeKey(OF_OTHER, keyId),
      () => keys.revokeKey(BY, "nobody"),
    ]) {
      await assert.rejects(change(), refused("not_found", /no such key/));
    }
    assert.equal(await accounts.getKey(keyId, "other"), undefined);
    assert.equal((await accounts.findKey(keyId))?.revision, 1n);
  });

  it("are listed page by page, by team and user, and never with a secret's hash", async () => {
    const page = { organisationId: "acme", teamId: "", userId: "", after: "", limit: 100 };
    const all = await accounts.listKeys(page);
    const [first] = await accounts.listKeys({ ...page, limit: 1 });
    assert.deepEqual([first, ...(await accounts.listKeys({ ...page, after: first?.keyId ?? "" }))], all);
    assert.deepEqual(
      (await accounts.listKeys({ ...page, teamId: "research" })).map(({ attribution }) => attribution?.userId),
      ["mover"],
    );
    assert.ok(
      !JSON.stringify(all, (_, value) => (typeof value === "bigint" ? String(value) : value)).match(
        /secretSha|sha256/i,
      ),
    );
  });
});

describe("admin keys", () => {
  it("are made, changed, rotated and revoked, each with its line in the log", async () => {
    const fields = { name: "ops", role: "viewer", expiresAtMs: 0n };
    const { key, wholeKey } = await adminKeys.createAdminKey(BY, "acme", fields);
    assert.match(wholeKey, /^wba_[0-9a-f]{16}_[\w-]{43}$/);
    assert.deepEqual([key.role, key.organisationId, key.revokedAtMs], ["viewer", "acme", 0n]);
    const changed = await adminKeys.updateAdminKey(BY, key.keyId, { role: "finance" });
    assert.equal(changed.role, "finance");
    const rotated = await adminKeys.rotateAdminKey(BY, key.keyId, 60);
    const found = await adminKeys.findAdminKey(key.keyId);
    assert.deepEqual(Buffer.from(found?.secretSha256 ?? []), sha256(rotated.wholeKey));
    assert.deepEqual(Buffer.from(found?.previousSecretSha256 ?? []), sha256(wholeKey));
    const revoked = await adminKeys.revokeAdminKey(BY, key.keyId);
    assert.ok(revoked.revokedAtMs > 0n);
    assert.deepEqual(await adminKeys.revokeAdminKey(BY, key.keyId), revoked);
    await assert.rejects(adminKeys.rotateAdminKey(BY, key.keyId, 0), refused("invalid_value", /revoked/));
    const log = await seen.listAudit({ beforeId: undefined, limit: 4, organisationId: "acme" });
    assert.deepEqual(
      log.map(({ action, kind }) => `${action} ${kind}`),
      [...["revoke admin_key", "rotate admin_key", "update admin_key", "create admin_key"]],
    );
  });

  it("of the installation or another organisation are not an organisation's to see or change", async () => {
    const fields = { name: "ops", role: "owner", expiresAtMs: 0n };
    const { key } = await adminKeys.createAdminKey(BY, "", fields);
    await assert.rejects(adminKeys.updateAdminKey(OF_OTHER, key.keyId, { role: "viewer" }), refused("not_found"));
    await assert.rejects(adminKeys.revokeAdminKey(OF_OTHER, key.keyId), refused("not_found"));
    await assert.rejects(adminKeys.rotateAdminKey(OF_OTHER, key.keyId, 0), refused("not_found"));
    for (const organisationId of ["", "acme"]) {
      await assert.rejects(adminKeys.createAdminKey(OF_OTHER, organisationId, fields), refused("not_found"));
    }
    assert.ok(!(await adminKeys.listAdminKeys("other")).some(({ keyId }) => keyId === key.keyId));
    await assert.rejects(adminKeys.createAdminKey(BY, "nobody", fields), refused("not_found", /organisation/));
    await assert.rejects(
      adminKeys.createAdminKey(BY, "", { ...fields, role: "root" }),
      refused("invalid_value", /role/),
    );
  });
});
