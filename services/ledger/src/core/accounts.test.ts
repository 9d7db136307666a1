import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { accountsOf } from "./accounts.ts";
import { sampleFact } from "./sample-fact.test.ts";

test("what a priced fact costs is spent by a key of its team and owed to its provider", () => {
  assert.deepEqual(accountsOf(sampleFact()), { debit: "spend:acme/support/k1", credit: "payable:sim" });
});

test("an unknown price touches no spend account: it waits in suspense", () => {
  const { debit, credit } = accountsOf(sampleFact({ priced: false, costPicoUsd: 0n }));
  assert.match(debit, /^suspense:/);
  assert.match(credit, /^suspense:/);
});

test("no two spenders share an account, whatever their ids hold", () => {
  const id = fc.string({ unit: fc.constantFrom("a", "/", ":", "%", "2", "f"), maxLength: 5 });
  const spender = fc.record({ organisationId: id, teamId: id, keyId: id });
  const account = (who: { organisationId: string; teamId: string; keyId: string }): string => {
    const { attribution } = sampleFact();
    return accountsOf(sampleFact({ attribution: { ...attribution, ...who } })).debit;
  };
  fc.assert(
    fc.property(spender, spender, (one, other) => {
      fc.pre(Object.values(one).join("\n") !== Object.values(other).join("\n"));
      assert.notEqual(account(one), account(other));
    }),
  );
});
