import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { AdminKey } from "@waybill/wire";
import { makeAdminister } from "./administer.ts";
import type { Wish } from "./core/access.ts";

const SECRET = "a-secret-of-some-length";
const OLD_SECRET = "the-secret-of-before";
const LOOK: Wish = { area: "routes", isChange: false, isOfInstallation: false, organisationId: undefined };
const stored = AdminKey.create({
  keyId: "abcd1234",
  secretSha256: createHash("sha256").update(SECRET).digest(),
  name: "Ada",
  role: "admin",
  previousSecretSha256: createHash("sha256").update(OLD_SECRET).digest(),
  previousSecretUntilMs: 10n,
});
let nowMs = 1;
const administer = makeAdminister({
  findAdminKey: async (keyId) => (keyId === stored.keyId ? stored : undefined),
  isOrganisation: async (id) => id === "acme",
  clock: { monotonicMs: () => 0, unixMs: () => nowMs },
});

const code = (expected: string) => (error: unknown) => error instanceof WaybillError && error.code === expected;

test("the right key is let in with its name", async () => {
  const admin = await administer(`wba_abcd1234_${SECRET}`, LOOK);
  assert.deepEqual(admin.actor, { adminKeyId: "abcd1234", name: "Ada" });
});

test("no key, another form, an unknown id and a wrong secret are all invalid_api_key", async () => {
  const presented = [undefined, "", SECRET, `wba_ffff9999_${SECRET}`, `wba_abcd1234_${SECRET}x`];
  for (const text of presented) await assert.rejects(administer(text, LOOK), code("invalid_api_key"), text);
});

test("an unknown id and a wrong secret are refused in the same words", async () => {
  const messages = await Promise.all(
    [`wba_ffff9999_${SECRET}`, `wba_abcd1234_${SECRET}x`].map((text) =>
      administer(text, LOOK).catch((error: unknown) => (error instanceof WaybillError ? error.publicMessage : "")),
    ),
  );
  assert.equal(messages[0], messages[1]);
});

test("an organisation that does not exist is not found, whatever is to be done with it", async () => {
  const key = `wba_abcd1234_${SECRET}`;
  assert.equal((await administer(key, { ...LOOK, organisationId: "acme" })).organisationId, "acme");
  await assert.rejects(administer(key, { ...LOOK, organisationId: "nobody" }), code("not_found"));
});

test("after a rotation the secret of before lets in until their overlap is over", async () => {
  const old = `wba_abcd1234_${OLD_SECRET}`;
  nowMs = 9;
  assert.equal((await administer(old, LOOK)).actor.name, "Ada");
  nowMs = 10;
  await assert.rejects(administer(old, LOOK), code("invalid_api_key"));
  assert.ok(await administer(`wba_abcd1234_${SECRET}`, LOOK));
});
