import assert from "node:assert/strict";
import { test } from "node:test";
import { NATS_USERS } from "@waybill/wire";
import { renderNatsAccounts } from "./nats-accounts.ts";
import { makeSecrets } from "./secrets.ts";

test("every service and the operator become a user with its own password", () => {
  const { natsPasswords } = makeSecrets();
  const rendered = renderNatsAccounts(NATS_USERS, natsPasswords);
  for (const [user, password] of Object.entries(natsPasswords)) {
    assert.match(rendered, new RegExp(`user: "${user}", password: "${password}"`));
  }
});

test("a service without a password is refused, never rendered open", () => {
  assert.throws(() => renderNatsAccounts({ ingress: { publish: [], subscribe: [] } }, { operator: "x" }), /ingress/);
});

test("a service that may send nothing is denied everything: an empty allow list would mean the opposite", () => {
  const rendered = renderNatsAccounts({ quiet: { publish: [], subscribe: ["a.*"] } }, { quiet: "q", operator: "o" });
  assert.match(rendered, /publish: \{ deny: \[">"\] \}, subscribe: \{ allow: \["a\.\*"\] \}/);
});

test("a password cannot break out of its quotes", () => {
  assert.throws(() => renderNatsAccounts({}, { operator: 'x", permissions: {} }' }), /quoted/);
});
