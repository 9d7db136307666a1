import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { AdminKey } from "@waybill/wire";
import { decideAccess, type Wish } from "./access.ts";

const NOW_MS = 1_000_000;
const LOOK: Wish = { isChange: false, isOfInstallation: false, organisationId: undefined };
const CHANGE: Wish = { ...LOOK, isChange: true };
const key = (more: Partial<AdminKey> = {}): AdminKey =>
  AdminKey.create({ keyId: "abcd", name: "Ada", role: "admin", organisationId: "", ...more });

const refused = (code: string, more: Partial<AdminKey>, wish: Wish): void =>
  assert.throws(
    () => decideAccess(key(more), wish, NOW_MS),
    (error) => error instanceof WaybillError && error.code === code,
  );

test("a key for the installation acts on what is everyone's, or on the organisation it names", () => {
  assert.equal(decideAccess(key(), CHANGE, NOW_MS).organisationId, "");
  assert.equal(decideAccess(key(), { ...CHANGE, organisationId: "acme" }, NOW_MS).organisationId, "acme");
});

test("an organisation's key acts on that organisation alone", () => {
  const own = { organisationId: "acme" };
  assert.equal(decideAccess(key(own), CHANGE, NOW_MS).organisationId, "acme");
  assert.equal(decideAccess(key(own), { ...CHANGE, organisationId: "acme" }, NOW_MS).organisationId, "acme");
  refused("permission_denied", own, { ...LOOK, organisationId: "other" });
  refused("permission_denied", own, { ...LOOK, organisationId: "" });
});

test("an organisation's key sees what all share and changes none of it", () => {
  const own = { organisationId: "acme" };
  assert.ok(decideAccess(key(own), { ...LOOK, isOfInstallation: true }, NOW_MS));
  refused("permission_denied", own, { ...CHANGE, isOfInstallation: true });
  assert.ok(decideAccess(key(), { ...CHANGE, isOfInstallation: true }, NOW_MS));
});

test("a viewer may look and nothing else, and so may a role nobody knows", () => {
  for (const role of ["viewer", "", "owner"]) {
    assert.ok(decideAccess(key({ role }), LOOK, NOW_MS));
    refused("permission_denied", { role }, CHANGE);
  }
});

test("a key that was revoked or has expired may not even look", () => {
  refused("invalid_api_key", { revokedAtMs: 1n }, LOOK);
  refused("invalid_api_key", { expiresAtMs: BigInt(NOW_MS) }, LOOK);
  assert.ok(decideAccess(key({ expiresAtMs: BigInt(NOW_MS + 1) }), LOOK, NOW_MS));
});

test("who asks is named by key id and name, for the audit log", () => {
  assert.deepEqual(decideAccess(key(), LOOK, NOW_MS).actor, { adminKeyId: "abcd", name: "Ada" });
});
