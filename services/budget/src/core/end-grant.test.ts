import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBatch } from "./apply-batch.ts";
import { askGrant, assertCountersTrue, closingOf, journalOf, lineOf, sampleBooks } from "./sample-books.test.ts";

test("a closing returns what was never debited and keeps counting lines that are still on their way", () => {
  const books = sampleBooks(1_000n);
  const window = books.windowOf({ windowId: 0n });
  applyBatch(books, [askGrant("g1", 10n)], 0);
  applyBatch(books, [journalOf("r1.1", lineOf("g1", 3n))], 0);
  applyBatch(books, [closingOf("g1", 7n)], 1);
  assert.deepEqual([window.heldPicoUsd, window.grantedPicoUsd], [3n, 4n]);
  applyBatch(books, [journalOf("r2.1", lineOf("g1", 4n)), closingOf("g1", 7n)], 2);
  assert.deepEqual([window.heldPicoUsd, window.grantedPicoUsd], [7n, 0n]);
  assertCountersTrue(books);
});

test("a grant is reaped only after the last hold it could have; a line that comes even later is still held", () => {
  const books = sampleBooks(1_000n);
  const window = books.windowOf({ windowId: 0n });
  applyBatch(books, [askGrant("g1", 10n)], 0);
  assert.deepEqual(applyBatch(books, [{ kind: "reap_grant", grantId: "g1" }], 69_999), [
    { kind: "done", changed: false },
  ]);
  assert.deepEqual(applyBatch(books, [{ kind: "reap_grant", grantId: "g1" }], 70_000), [
    { kind: "done", changed: true },
  ]);
  assert.equal(window.grantedPicoUsd, 0n);
  applyBatch(books, [journalOf("r1.1", lineOf("g1", 4n)), closingOf("g1", 9n)], 70_001);
  assert.deepEqual([window.heldPicoUsd, window.grantedPicoUsd], [4n, 0n]);
  assert.deepEqual(
    books.contradictions.map(({ what }) => what),
    ["grant_overdrawn", "closing_after_reap"],
  );
  assertCountersTrue(books);
});

test("the closing of a grant that nobody knows changes nothing and is reported", () => {
  const books = sampleBooks(1_000n);
  assert.deepEqual(applyBatch(books, [closingOf("g9", 7n)], 1), [{ kind: "done", changed: false }]);
  assert.deepEqual(books.contradictions, [{ what: "closing_unknown_grant", grantId: "g9" }]);
});
