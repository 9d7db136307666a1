import assert from "node:assert/strict";
import { test } from "node:test";
import { maxPicoUsd } from "@waybill/domain";
import fc from "fast-check";
import { giveGrant, grantAmount } from "./give-grant.ts";
import { askGrant, assertCountersTrue, rollingWindow, sampleBooks, sampleWindow } from "./sample-books.test.ts";

test("a grant is at most a hundredth of the rest and at most what is wanted, and covers the need or is nothing", () => {
  const money = fc.bigInt(0n, 1_000_000n);
  fc.assert(
    fc.property(fc.bigInt(-1_000n, 1_000_000n), money, money, (rest, need, want) => {
      const amount = grantAmount(rest, need, want);
      assert.ok(amount === 0n || (amount >= need && amount * 100n <= rest));
      assert.ok(amount <= maxPicoUsd(want, need));
    }),
  );
});

test("a repeated grant id gets the first answer, with the life that is left", () => {
  const books = sampleBooks(1_000n);
  const first = giveGrant(books, askGrant("g1", 5n), 100);
  const figures = { budgetId: "b0", windowId: 0n, limitPicoUsd: 1_000n, postedPicoUsd: 0n, heldPicoUsd: 0n };
  const rule = { carriedInPicoUsd: 0n, unit: "usd", templateValue: "", resetsAtMs: 1_000_000 };
  const standing = { ...figures, ...rule, grantedPicoUsd: 5n };
  assert.deepEqual(first, { kind: "granted", amountPicoUsd: 5n, windowId: 0n, lifeMs: 10_000, standing });
  assert.deepEqual(giveGrant(books, askGrant("g1", 7n), 1_100), { ...first, lifeMs: 9_000 });
  assertCountersTrue(books);
});

test("a grant ends at the latest with its window", () => {
  const books = sampleBooks(1_000n);
  const answer = giveGrant(books, askGrant("g1", 5n), 999_000);
  assert.ok(answer.kind === "granted");
  assert.deepEqual([answer.amountPicoUsd, answer.lifeMs], [5n, 1_000]);
  const late = giveGrant(books, askGrant("g2", 5n), 1_000_000);
  assert.ok(late.kind === "granted");
  assert.deepEqual([late.amountPicoUsd, late.lifeMs], [0n, 0]);
});

test("a grant on a rolling window is short, because what is held counts from its end", () => {
  const answer = giveGrant(sampleBooks(rollingWindow(0, 1_000n, 120_000)), askGrant("g1", 5n), 0);
  assert.ok(answer.kind === "granted");
  assert.equal(answer.lifeMs, 2_000);
});

test("a budget that observes gives what is wanted, however little is left", () => {
  const answer = giveGrant(sampleBooks({ ...sampleWindow(0, 1n), enforcement: "observe" }), askGrant("g1", 500n), 0);
  assert.ok(answer.kind === "granted");
  assert.equal(answer.amountPicoUsd, 500n);
});

test("a budget that is not there is said, not granted", () => {
  assert.equal(giveGrant(sampleBooks(1n), askGrant("g1", 5n, { budgetId: "other" }), 0).kind, "impossible");
});

test("reserves of a budget are divided among its routers, and together never more than it allows nor than there is", () => {
  const amounts = fc.array(fc.bigInt(0n, 2_000n), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.bigInt(0n, 900n), amounts, (holders, allowancePicoUsd, wanted) => {
      const books = sampleBooks(1_000n);
      books.reserves.set(0n, { allowancePicoUsd, outPicoUsd: 0n, holders });
      let given = 0n;
      for (const [index, wantPicoUsd] of wanted.entries()) {
        const ask = { ...askGrant(`g${index}`, 0n), wantPicoUsd, isReserve: true };
        const answer = giveGrant(books, ask, 100);
        assert.ok(answer.kind === "granted");
        assert.ok(answer.amountPicoUsd <= allowancePicoUsd / BigInt(holders));
        assert.ok(answer.amountPicoUsd <= wantPicoUsd);
        given += answer.amountPicoUsd;
      }
      assert.ok(given <= allowancePicoUsd);
      assertCountersTrue(books);
    }),
  );
});

test("a reserve takes no more than there is, and there is none of a budget that allows none", () => {
  const books = sampleBooks(1_000n);
  const ask = { ...askGrant("g1", 0n), wantPicoUsd: 5_000n, isReserve: true };
  assert.equal(amountOf(giveGrant(books, ask, 100)), 0n);
  books.reserves.set(0n, { allowancePicoUsd: 2_000n, outPicoUsd: 0n, holders: 1 });
  assert.equal(amountOf(giveGrant(books, { ...ask, grantId: "g2" }, 100)), 1_000n);
});

function amountOf(answer: ReturnType<typeof giveGrant>): bigint {
  assert.ok(answer.kind === "granted");
  return answer.amountPicoUsd;
}
