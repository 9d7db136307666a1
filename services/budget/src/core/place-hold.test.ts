import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyBatch } from "./apply-batch.ts";
import type { PlaceHold } from "./operation.ts";
import { allowedAmount, placeHold } from "./place-hold.ts";
import { askGrant, assertCountersTrue, lineOf, placeHoldOf, recordOf, sampleBooks } from "./sample-books.test.ts";

const both = (amount: bigint): Partial<PlaceHold> => ({
  asks: ["b0", "b1"].map((budgetId) => ({
    budgetId,
    wantPicoUsd: amount,
    leastPicoUsd: amount,
    boundedByShare: false,
  })),
});

test("a budget allows at most what is wanted and what is left, and a share of it where the output is not bounded", () => {
  const money = fc.bigInt(0n, 1_000n);
  fc.assert(
    fc.property(
      money,
      money,
      fc.boolean(),
      fc.bigInt(-50n, 1_000n),
      fc.integer({ min: 1, max: 100 }),
      (a, b, share, rest, percent) => {
        const [leastPicoUsd, wantPicoUsd] = a < b ? [a, b] : [b, a];
        const ask = { budgetId: "b", wantPicoUsd, leastPicoUsd, boundedByShare: share };
        const allowed = allowedAmount(ask, rest, percent);
        const left = rest > 0n ? rest : 0n;
        assert.ok(allowed <= wantPicoUsd && allowed <= left);
        assert.equal(allowed >= leastPicoUsd, left >= leastPicoUsd);
        if (share) assert.ok(allowed * 100n <= left * BigInt(percent) || allowed <= leastPicoUsd);
      },
    ),
  );
});

test("all or none: when one budget refuses, the other holds nothing, and the one that bound is named", () => {
  const books = sampleBooks(100n, 3n);
  assert.deepEqual(placeHold(books, placeHoldOf("r1.1", 4n, both(4n)), 0), {
    kind: "refused",
    budgetId: "b1",
    budgetName: "budget 1",
    limitPicoUsd: 3n,
    leftPicoUsd: 3n,
    neededPicoUsd: 4n,
    resetsAtMs: 1_000_000,
    recallable: [],
    mayFitSoon: false,
  });
  assert.equal([...books.holds()].length, 0);
  assert.equal(placeHold(books, placeHoldOf("r1.1", 3n, both(3n)), 0).kind, "held");
  assertCountersTrue(books);
});

test("before a refusal or a clamp, credit that is out with holders is named as worth calling back", () => {
  const books = sampleBooks(1_000n);
  applyBatch(books, [askGrant("g1", 10n)], 0);
  const refused = placeHold(books, placeHoldOf("r1.1", 1_000n, { mayRecall: true }), 1);
  assert.ok(refused.kind === "refused");
  assert.deepEqual(refused.recallable, ["b0"]);
  const asks = [{ budgetId: "b0", wantPicoUsd: 995n, leastPicoUsd: 1n, boundedByShare: false }];
  const clamped = placeHold(books, placeHoldOf("r1.1", 0n, { asks, mayRecall: true }), 1);
  assert.ok(clamped.kind === "refused");
  assert.deepEqual(clamped.recallable, ["b0"]);
  assert.equal(placeHold(books, placeHoldOf("r1.1", 0n, { asks, mayRecall: false }), 1).kind, "held");
});

test("credit is not called back when even all of it would not do", () => {
  const books = sampleBooks(1_000n);
  applyBatch(books, [askGrant("g1", 10n)], 0);
  const refused = placeHold(books, placeHoldOf("r1.1", 1_001n, { mayRecall: true }), 1);
  assert.ok(refused.kind === "refused");
  assert.deepEqual(refused.recallable, []);
});

test("a refusal says whether open holds stand in the way, or nothing can help", () => {
  const books = sampleBooks(10n);
  placeHold(books, placeHoldOf("r1.1", 8n), 0);
  for (const [amount, mayFitSoon] of [
    [5n, true],
    [10n, true],
    [11n, false],
  ] as const) {
    const refused = placeHold(books, placeHoldOf("r2.1", amount), 0);
    assert.ok(refused.kind === "refused");
    assert.equal(refused.mayFitSoon, mayFitSoon);
  }
});

test("a repeated attempt gets the first answer, also when there is no room any more", () => {
  const books = sampleBooks(5n);
  const first = placeHold(books, placeHoldOf("r1.1", 5n), 0);
  assert.deepEqual(placeHold(books, placeHoldOf("r1.1", 5n), 1), first);
  assert.equal(books.windowOf({ windowId: 0n }).heldPicoUsd, 5n);
});

test("an attempt that has a record is over: nothing is held for it", () => {
  const books = sampleBooks(5n);
  applyBatch(books, [recordOf("r1.1", "void", 0n)], 0);
  assert.deepEqual(placeHold(books, placeHoldOf("r1.1", 5n), 1), { kind: "over" });
  assertCountersTrue(books);
});

test("lines already cut are journaled with the hold, and not at all when it is refused", () => {
  const books = sampleBooks(1_000n, 5n);
  applyBatch(books, [askGrant("g1", 10n)], 0);
  const asks = [{ budgetId: "b1", wantPicoUsd: 6n, leastPicoUsd: 6n, boundedByShare: false }];
  const cut = [lineOf("g1", 6n)];
  assert.equal(placeHold(books, placeHoldOf("r1.1", 6n, { asks, cut }), 1).kind, "refused");
  assert.equal(books.windowOf({ windowId: 0n }).heldPicoUsd, 0n);
  const less = [{ budgetId: "b1", wantPicoUsd: 6n, leastPicoUsd: 5n, boundedByShare: false }];
  const held = placeHold(books, placeHoldOf("r1.1", 6n, { asks: less, cut }), 1);
  assert.ok(held.kind === "held");
  assert.deepEqual(
    held.lines.map(({ budgetId, amountPicoUsd }) => [budgetId, amountPicoUsd]),
    [["b1", 5n]],
  );
  assert.deepEqual(
    [books.windowOf({ windowId: 0n }).heldPicoUsd, books.windowOf({ windowId: 0n }).grantedPicoUsd],
    [6n, 4n],
  );
  assertCountersTrue(books);
});

test("a limit whose counter could not be made is exceeded; a budget that does not exist is an error", () => {
  const books = sampleBooks(100n);
  const limit = { name: "r/l", organisationId: "acme", route: "r", unit: "requests", amount: 7n } as const;
  const [ask] = both(1n).asks ?? [];
  assert.ok(ask);
  const unmade = { ...ask, budgetId: "limit.x", limit: { ...limit, windowKind: "day", windowSeconds: 0n } };
  assert.deepEqual(placeHold(books, placeHoldOf("r1.1", 1n, { asks: [ask, unmade] }), 0), {
    ...{
      kind: "refused",
      budgetId: "limit.x",
      budgetName: "r/l",
      limitPicoUsd: 7n,
      leftPicoUsd: 0n,
      neededPicoUsd: 1n,
    },
    ...{ resetsAtMs: undefined, recallable: [], mayFitSoon: false },
  });
  assert.equal([...books.holds()].length, 0);
  const unknown = placeHold(books, placeHoldOf("r1.1", 1n, { asks: [{ ...ask, budgetId: "x" }] }), 0);
  assert.equal(unknown.kind, "impossible");
  const grant = applyBatch(books, [{ ...askGrant("g1", 1n, { budgetId: "limit.x" }), limit: unmade.limit }], 0)[0];
  assert.deepEqual(grant, { kind: "granted", amountPicoUsd: 0n, windowId: 0n, lifeMs: 0, standing: undefined });
});
