// One grant's life: open, closing, closed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Grant } from "./grant.ts";

const START = { monotonicMs: 100, unixMs: 5_000 };
const makeGrant = (): Grant =>
  new Grant({ grantId: "g", budgetId: "b", windowId: 1n, amountPicoUsd: 10n, lifeMs: 1_000, askedAt: START });

test("no more than its amount is cut", () => {
  const grant = makeGrant();
  grant.debit(7n);
  assert.ok(!grant.canCover(4n, START));
  assert.throws(() => grant.debit(4n));
  assert.equal(grant.rest, 3n);
});

test("nothing is cut once it is closing, and it closes once", () => {
  const grant = makeGrant();
  grant.debit(2n);
  grant.beginClosing();
  assert.throws(() => grant.debit(1n));
  assert.deepEqual(grant.takeClosing(), { grantId: "g", debitedPicoUsd: 2n });
  assert.equal(grant.takeClosing(), undefined);
});

test("a wall clock that jumps back does not lengthen its life", () => {
  const grant = makeGrant();
  assert.equal(grant.lifeLeftMs({ monotonicMs: 1_100, unixMs: 0 }), 0);
  assert.equal(grant.lifeLeftMs({ monotonicMs: 100, unixMs: 6_500 }), -500);
});

test("what is under way keeps it from closing; what is refused comes back", () => {
  const grant = makeGrant();
  grant.debitUnderWay(4n);
  grant.debitUnderWay(3n);
  grant.beginClosing();
  grant.placed(4n, true);
  assert.equal(grant.takeClosing(), undefined);
  grant.placed(3n, false);
  assert.deepEqual(grant.takeClosing(), { grantId: "g", debitedPicoUsd: 3n });
  assert.throws(() => grant.placed(1n, false));
});
