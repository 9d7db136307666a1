import assert from "node:assert/strict";
import { test } from "node:test";
import { restOf } from "./books.ts";
import { lineOf, sampleBooks } from "./sample-books.test.ts";

test("the rest is the limit less what is posted, held and granted", () => {
  const window = sampleBooks(10n).windowOf({ windowId: 0n });
  Object.assign(window, { postedPicoUsd: 5n, heldPicoUsd: 4n, grantedPicoUsd: 3n });
  assert.equal(restOf(window), -2n);
});

test("a line belongs to the books only with a window of its own budget and a grant of that window", () => {
  const books = sampleBooks(10n, 10n);
  assert.equal(books.problemOf(lineOf("", 1n)), undefined);
  assert.match(books.problemOf({ ...lineOf("", 1n), windowId: 1n }) ?? "", /no window 1/);
  assert.match(books.problemOf({ ...lineOf("", 1n), windowId: 7n }) ?? "", /no window 7/);
  assert.throws(() => books.windowOf({ windowId: 7n }), /was not read/);
});
