import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeyEntry } from "@waybill/wire";
import { makeKeyTeller } from "./tell-keys.ts";

test("what the bus does not take is said to the caller, and told again until it is taken", async () => {
  const told: string[] = [];
  let isAway = true;
  const teller = makeKeyTeller(async (keyId: string, entry: KeyEntry) => {
    if (isAway) throw new Error("away");
    told.push(`${keyId} ${entry.state}`);
  });
  await assert.rejects(teller.tell("a", { state: "changed", revision: 2n }), /away/);
  await assert.rejects(teller.tell("b", { state: "revoked" }), /away/);
  // A change that comes late does not hide the revocation.
  await assert.rejects(teller.tell("b", { state: "changed", revision: 2n }), /away/);
  await assert.rejects(teller.tellAgain(), /away/);
  isAway = false;
  await teller.tellAgain();
  assert.deepEqual(told, ["a changed", "b revoked"]);
  await teller.tellAgain();
  assert.equal(told.length, 2, "once");
});
