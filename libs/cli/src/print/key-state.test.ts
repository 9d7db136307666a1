import assert from "node:assert/strict";
import { test } from "node:test";
import { keyState } from "./key-state.ts";

const GOOD = { revokedAt: null, expiresAt: null, previousSecretUntil: null };
const NOW = Date.parse("2027-01-01T00:00:00.000Z");
const [BEFORE, AFTER] = ["2026-01-01T00:00:00.000Z", "2028-01-01T00:00:00.000Z"];

test("a key's state is what matters most of it", () => {
  assert.equal(keyState(GOOD, NOW), "");
  assert.equal(keyState({ ...GOOD, expiresAt: AFTER }, NOW), `until ${AFTER}`);
  assert.equal(keyState({ ...GOOD, expiresAt: BEFORE }, NOW), `expired ${BEFORE}`);
  assert.equal(keyState({ ...GOOD, revokedAt: BEFORE, expiresAt: AFTER }, NOW), `revoked ${BEFORE}`);
  assert.equal(keyState({ ...GOOD, previousSecretUntil: AFTER }, NOW), `the secret before until ${AFTER}`);
  assert.equal(keyState({ ...GOOD, previousSecretUntil: BEFORE }, NOW), "");
});
