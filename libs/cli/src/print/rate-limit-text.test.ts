// A rate limit in a row.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rateLimitTable } from "./rate-limit-text.ts";

test("a row says of whom it is and how much may pass", () => {
  const scope = { organisationId: "acme", teamId: "support", tag: { name: "app", value: "chat" } };
  const table = rateLimitTable([
    { id: "chat", scope, per: "userId", unit: "requests", amount: 60, perSeconds: 30, burst: 10 },
  ]);
  assert.match(table, /chat +organisation acme, team support, tag app=chat +userId +60 +requests +30 +10/);
});
