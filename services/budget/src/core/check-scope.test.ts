// Names that are not there, and names that never meet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleRule } from "./budget-rule.test.ts";
import type { ScopeField } from "./budget-rule.ts";
import { checkScope, type KnownNames } from "./check-scope.ts";

const KNOWN: KnownNames = { hasOrganisation: true, hasTeam: false, user: undefined, key: undefined, hasTimeZone: true };
const ADA = { teamId: "support" };
const KEY = { userId: "ada", teamId: "support", isRevoked: false };

function fieldsOf(given: Partial<Record<ScopeField, string>>, known: Partial<KnownNames>): string[] {
  const rule = sampleRule({ scope: { ...sampleRule().scope, ...given } });
  return checkScope(rule, { ...KNOWN, ...known }).map(({ field }) => field);
}

test("names that are there and belong together are sound", () => {
  const all = { teamId: "support", userId: "ada", keyId: "abcd" };
  assert.deepEqual(fieldsOf(all, { hasTeam: true, user: ADA, key: KEY }), []);
  assert.deepEqual(fieldsOf({ endUserId: "anybody", tagName: "env", tagValue: "prod" }, {}), []);
});

test("each name that is not there is said at once", () => {
  assert.deepEqual(fieldsOf({ teamId: "x", userId: "y", keyId: "z" }, { hasTimeZone: false }), [
    ...["window.timeZone", "scope.teamId", "scope.userId", "scope.keyId"],
  ]);
  assert.deepEqual(fieldsOf({}, { hasOrganisation: false }), ["scope.organisationId"]);
  assert.deepEqual(fieldsOf({ organisationId: "" }, {}), ["scope.organisationId"]);
});

test("names that never meet are refused", () => {
  assert.deepEqual(fieldsOf({ teamId: "research", userId: "ada" }, { hasTeam: true, user: ADA }), ["scope.userId"]);
  assert.deepEqual(fieldsOf({ teamId: "research", keyId: "abcd" }, { hasTeam: true, key: KEY }), ["scope.keyId"]);
  assert.deepEqual(fieldsOf({ userId: "ben", keyId: "abcd" }, { user: ADA, key: KEY }), ["scope.keyId"]);
  assert.deepEqual(fieldsOf({ keyId: "abcd" }, { key: { ...KEY, isRevoked: true } }), ["scope.keyId"]);
});
