import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBatch } from "./apply-batch.ts";
import { CREDIT_STOPPED_MS } from "./books.ts";
import type { Answer, PlaceHold } from "./operation.ts";
import { placeHold } from "./place-hold.ts";
import {
  askGrant,
  assertCountersTrue,
  lineOf,
  placeHoldOf,
  recordOf,
  sampleBooks,
  sampleWindow,
} from "./sample-books.test.ts";

const both = (amount: bigint): Partial<PlaceHold> => ({
  asks: ["b0", "b1"].map((budgetId) => ({
    budgetId,
    wantPicoUsd: amount,
    leastPicoUsd: amount,
    boundedByShare: false,
  })),
});

test("all or none: when one budget refuses, the other holds nothing, and the one that bound is named", () => {
  const books = sampleBooks(100n, 3n);
  assert.deepEqual(placeHold(books, placeHoldOf("r1.1", 4n, both(4n)), 0), {
    kind: "refused",
    budgetId: "b1",
    budgetName: "budget 1",
    templateValue: "",
    unit: "usd",
    soft: false,
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
  const refused = placeHold(books, placeHoldOf("r1.1", 1_000n), 1);
  assert.ok(refused.kind === "refused");
  assert.deepEqual(refused.recallable, ["b0"]);
  const asks = [{ budgetId: "b0", wantPicoUsd: 995n, leastPicoUsd: 1n, boundedByShare: false }];
  const clamped = placeHold(books, placeHoldOf("r1.1", 0n, { asks }), 1);
  assert.ok(clamped.kind === "refused");
  assert.deepEqual(clamped.recallable, ["b0"]);
  assert.equal(placeHold(books, placeHoldOf("r1.1", 0n, { asks, recalled: ["b0"] }), 1).kind, "held");
});

test("after a hold that did not fit beside credit, none is given ahead of need for a while, in the same batch too", () => {
  const books = sampleBooks(1_000n);
  applyBatch(books, [askGrant("g1", 10n)], 0);
  const given = (answer: Answer | undefined) => (answer?.kind === "granted" ? answer.amountPicoUsd : undefined);
  const [grant, hold] = applyBatch(books, [askGrant("g2", 5n), placeHoldOf("r1.1", 1_000n)], 100);
  assert.deepEqual([given(grant), hold?.kind], [0n, "refused"]);
  const window = books.windowOf({ windowId: 0n });
  assert.deepEqual([window.noCreditUntilMs, window.isCreditStopped], [100 + 2 * CREDIT_STOPPED_MS, true]);
  window.isCreditStopped = false;
  placeHold(books, placeHoldOf("r1.1", 1_000n, { recalled: ["b0"] }), 200);
  assert.equal(window.isCreditStopped, false, "it need not be written down anew");
  placeHold(books, placeHoldOf("r2.1", 1_000n), 100 + CREDIT_STOPPED_MS + 1);
  assert.equal(window.noCreditUntilMs, 101 + 3 * CREDIT_STOPPED_MS, "but is before a promise would be broken");
  assert.equal(given(applyBatch(books, [askGrant("g3", 5n)], 100 + 3 * CREDIT_STOPPED_MS)[0]), 0n);
  assert.equal(given(applyBatch(books, [askGrant("g4", 5n)], 101 + 3 * CREDIT_STOPPED_MS)[0]), 5n);
});

test("a hold that its asker goes without is given back, in the same batch too, and never placed again", () => {
  const books = sampleBooks(10n);
  const withdraw = { kind: "withdraw_hold", attemptId: "r1.1", holder: "h" } as const;
  const kinds = applyBatch(books, [withdraw, placeHoldOf("r1.1", 8n), withdraw], 0).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["done", "held", "done"]);
  assert.equal(books.windowOf({ windowId: 0n }).heldPicoUsd, 0n);
  assert.equal(placeHold(books, placeHoldOf("r1.1", 8n), 1).kind, "over");
  placeHold(books, placeHoldOf("r2.1", 8n), 1);
  applyBatch(books, [{ ...withdraw, attemptId: "r2.1", holder: "h+1" }], 1);
  assert.equal(books.windowOf({ windowId: 0n }).heldPicoUsd, 8n, "another holder's stays");
  assertCountersTrue(books);
});

test("credit is not called back when even all of it would not do", () => {
  const books = sampleBooks(1_000n);
  applyBatch(books, [askGrant("g1", 10n)], 0);
  const refused = placeHold(books, placeHoldOf("r1.1", 1_001n), 1);
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

test("a counter that could not be made is exceeded, one that only observes is passed over; an unknown budget is an error", () => {
  const books = sampleBooks(100n);
  const unmade = { name: "r/l", templateValue: "", unit: "requests", limitPicoUsd: 7n } as const;
  books.unmade.set("limit.x", { ...unmade, enforcement: "hard" });
  books.unmade.set("per.y", { ...unmade, enforcement: "observe" });
  const [ask] = both(1n).asks ?? [];
  assert.ok(ask);
  const asksOf = (budgetId: string): Partial<PlaceHold> => ({ asks: [ask, { ...ask, budgetId }] });
  assert.deepEqual(placeHold(books, placeHoldOf("r1.1", 1n, asksOf("limit.x")), 0), {
    ...{ kind: "refused", budgetId: "limit.x", budgetName: "r/l", templateValue: "", unit: "requests", soft: false },
    ...{
      limitPicoUsd: 7n,
      leftPicoUsd: 0n,
      neededPicoUsd: 1n,
      resetsAtMs: undefined,
      recallable: [],
      mayFitSoon: false,
    },
  });
  assert.equal([...books.holds()].length, 0);
  const passed = placeHold(books, placeHoldOf("r2.1", 1n, asksOf("per.y")), 0);
  assert.ok(passed.kind === "held");
  assert.deepEqual(
    passed.lines.map(({ budgetId }) => budgetId),
    ["b0"],
  );
  assert.equal(placeHold(books, placeHoldOf("r1.1", 1n, asksOf("x")), 0).kind, "impossible");
  const grant = applyBatch(books, [askGrant("g1", 1n, { budgetId: "limit.x" })], 0)[0];
  assert.deepEqual(grant, { kind: "granted", amountPicoUsd: 0n, windowId: 0n, lifeMs: 0, standing: undefined });
});

test("a soft budget lets one hold pass over its limit, then refuses whatever it is until something is given back", () => {
  const books = sampleBooks({ ...sampleWindow(0, 10n), enforcement: "soft" });
  assert.equal(placeHold(books, placeHoldOf("r1.1", 9n), 0).kind, "held");
  const over = placeHold(books, placeHoldOf("r2.1", 500n), 0);
  assert.ok(over.kind === "held");
  assert.deepEqual([over.lines[0]?.amountPicoUsd, over.lines[0]?.enforcement], [500n, "soft"]);
  const refused = placeHold(books, placeHoldOf("r3.1", 1n), 0);
  assert.ok(refused.kind === "refused");
  assert.deepEqual(
    [refused.soft, refused.leftPicoUsd, refused.neededPicoUsd, refused.mayFitSoon],
    [true, 0n, 1n, true],
  );
  applyBatch(books, [recordOf("r2.1", "worker", 0n, lineOf("", 500n))], 1);
  assert.equal(placeHold(books, placeHoldOf("r3.1", 1n), 1).kind, "held");
  assertCountersTrue(books);
});

test("credit out of a soft budget is called back before it refuses", () => {
  const books = sampleBooks({ ...sampleWindow(0, 1_000n), enforcement: "soft" });
  applyBatch(books, [askGrant("g1", 10n), placeHoldOf("r1.1", 990n)], 0);
  Object.assign(books.windowOf({ windowId: 0n }), { heldPicoUsd: 990n, grantedPicoUsd: 10n });
  const refused = placeHold(books, placeHoldOf("r2.1", 50n), 1);
  assert.ok(refused.kind === "refused");
  assert.deepEqual(refused.recallable, ["b0"]);
});

test("a budget that observes never refuses and counts; beside a hard one it holds what that allows, and clamps nothing", () => {
  const observed = { ...sampleWindow(1, 5n), enforcement: "observe" } as const;
  const books = sampleBooks(100n, observed);
  assert.equal(placeHold(books, placeHoldOf("r1.1", 60n, both(60n)), 0).kind, "held");
  const asks = both(60n).asks?.map((ask) => ({ ...ask, leastPicoUsd: 30n })) ?? [];
  const clamped = placeHold(books, placeHoldOf("r2.1", 60n, { asks }), 0);
  assert.ok(clamped.kind === "held");
  assert.deepEqual(
    clamped.lines.map(({ budgetId, amountPicoUsd }) => [budgetId, amountPicoUsd]),
    [
      ["b0", 40n],
      ["b1", 40n],
    ],
  );
  assertCountersTrue(books);
});
