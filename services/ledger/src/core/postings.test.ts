import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { postingsOf } from "./postings.ts";
import { sampleFact } from "./sample-fact.test.ts";

test("what a priced fact costs is spent by a key of its team and owed to its provider", () => {
  assert.deepEqual(postingsOf(sampleFact({ costPicoUsd: 7n })), [
    { account: "spend:acme/support/k1", amountPicoUsd: 7n },
    { account: "payable:sim", amountPicoUsd: -7n },
  ]);
});

test("an unknown price touches no spend account: it waits in suspense", () => {
  for (const { account } of postingsOf(sampleFact({ priced: false, costPicoUsd: 0n }))) {
    assert.match(account, /^suspense:/);
  }
});

test("postings sum to zero, whatever the cost", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 63n - 1n), fc.boolean(), (costPicoUsd, priced) => {
      const postings = postingsOf(sampleFact({ costPicoUsd, priced }));
      assert.equal(
        postings.reduce((sum, { amountPicoUsd }) => sum + amountPicoUsd, 0n),
        0n,
      );
    }),
  );
});

test("no two spenders share an account, whatever their ids hold", () => {
  const id = fc.string({ unit: fc.constantFrom("a", "/", ":", "%", "2", "f"), maxLength: 5 });
  const spender = fc.record({ organisationId: id, teamId: id, keyId: id });
  const account = (who: { organisationId: string; teamId: string; keyId: string }): string => {
    const { attribution } = sampleFact();
    return postingsOf(sampleFact({ attribution: { ...attribution, ...who } }))[0].account;
  };
  fc.assert(
    fc.property(spender, spender, (one, other) => {
      fc.pre(Object.values(one).join("\n") !== Object.values(other).join("\n"));
      assert.notEqual(account(one), account(other));
    }),
  );
});
