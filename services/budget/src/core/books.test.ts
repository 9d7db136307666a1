import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBatch } from "./apply-batch.ts";
import { bringUpToDate, move } from "./books.ts";
import { lineOf, placeHoldOf, recordOf, rollingWindow, sampleBooks, sampleWindow } from "./sample-books.test.ts";

test("a line belongs to the books only with a window of its own budget and a grant of that window", () => {
  const books = sampleBooks(10n, 10n);
  assert.equal(books.problemOf(lineOf("", 1n)), undefined);
  assert.match(books.problemOf({ ...lineOf("", 1n), windowId: 1n }) ?? "", /no window 1/);
  assert.match(books.problemOf({ ...lineOf("", 1n), windowId: 7n }) ?? "", /no window 7/);
  assert.throws(() => books.windowOf({ windowId: 7n }), /was not read/);
});

test("what settles below its hold in a window that has passed its rest on goes to the window begun last", () => {
  const [old, last] = [sampleWindow(0, 100n), sampleWindow(1, 100n)];
  Object.assign(old, { heldPicoUsd: 60n, postedPicoUsd: 10n, carriedOutPicoUsd: 30n, successor: last });
  last.carriedInPicoUsd = 30n;
  move(old, "heldPicoUsd", -60n);
  move(old, "postedPicoUsd", 25n);
  assert.deepEqual([old.carriedOutPicoUsd, last.carriedInPicoUsd, last.change], [65n, 65n, "update"]);
  // A correction that makes it dearer than its limit takes back all that was given, and no more.
  move(old, "postedPicoUsd", 100n);
  assert.deepEqual([old.carriedOutPicoUsd, last.carriedInPicoUsd], [0n, 0n]);
});

test("a raise holds until its end", () => {
  const window = sampleWindow(0, 100n);
  bringUpToDate(window, { byPicoUsd: 50n, untilMs: 1_000 }, 999);
  assert.equal(window.raisedPicoUsd, 50n);
  bringUpToDate(window, { byPicoUsd: 50n, untilMs: 1_000 }, 1_000);
  assert.equal(window.raisedPicoUsd, 0n);
});

test("spend leaves a rolling window as it ages, and what has left is corrected without effect", () => {
  const window = rollingWindow(0, 100n, 60_000);
  const books = sampleBooks(window);
  applyBatch(books, [placeHoldOf("r1.1", 70n), recordOf("r1.1", "lost", 70n, lineOf("", 70n))], 5_000);
  bringUpToDate(window, { byPicoUsd: 0n, untilMs: 0 }, 65_999);
  assert.equal(window.postedPicoUsd, 70n);
  bringUpToDate(window, { byPicoUsd: 0n, untilMs: 0 }, 66_000);
  assert.equal(window.postedPicoUsd, 0n);
  applyBatch(books, [recordOf("r1.1", "worker", 20n, lineOf("", 70n))], 66_000);
  assert.equal(window.postedPicoUsd, 0n);
});
