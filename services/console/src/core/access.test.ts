import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { AdminKey } from "@waybill/wire";
import { type Area, decideAccess, ROLES, type Wish } from "./access.ts";

const NOW_MS = 1_000_000;
const LOOK: Wish = { area: "routes", isChange: false, isOfInstallation: false, organisationId: undefined };
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

/** What each role may do where: c change, l look, - nothing. */
const TABLE: readonly [Area, string][] = [
  // owner admin viewer finance machine
  ["about", "cclll"],
  ["routes", "ccl-c"],
  ["catalogue", "ccllc"],
  ["accounts", "ccll-"],
  ["admin_keys", "c----"],
  ["budgets", "ccll-"],
  ["raises", "cclc-"],
  ["alerts", "ccll-"],
  ["decisions", "ccllc"],
  ["audit", "ccll-"],
];

for (const [area, letters] of TABLE) {
  test(`${area}: ${letters} for ${Object.keys(ROLES).join(", ")}`, () => {
    for (const [index, role] of Object.keys(ROLES).entries()) {
      const [look, change] = [
        { ...LOOK, area },
        { ...CHANGE, area },
      ];
      if (letters[index] === "-") refused("permission_denied", { role }, look);
      else assert.ok(decideAccess(key({ role }), look, NOW_MS));
      if (letters[index] === "c") assert.ok(decideAccess(key({ role }), change, NOW_MS));
      else refused("permission_denied", { role }, change);
    }
  });
}

test("a role that nobody knows may do nothing, and hears which one it is", () => {
  for (const role of ["", "root", "constructor", "__proto__"]) {
    refused("permission_denied", { role }, LOOK);
    refused("permission_denied", { role }, { ...LOOK, area: "about" });
  }
  assert.throws(() => decideAccess(key({ role: "viewer" }), CHANGE, NOW_MS), /role viewer may not change routes/);
});

test("a key that was revoked or has expired may not even look", () => {
  refused("invalid_api_key", { revokedAtMs: 1n }, LOOK);
  refused("invalid_api_key", { expiresAtMs: BigInt(NOW_MS) }, LOOK);
  assert.ok(decideAccess(key({ expiresAtMs: BigInt(NOW_MS + 1) }), LOOK, NOW_MS));
});

test("who asks is named by key id and name, for the audit log", () => {
  assert.deepEqual(decideAccess(key(), LOOK, NOW_MS).actor, { adminKeyId: "abcd", name: "Ada" });
});
