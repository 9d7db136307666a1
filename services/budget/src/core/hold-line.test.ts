import assert from "node:assert/strict";
import { test } from "node:test";
import { addLine, releaseHolds } from "./hold-line.ts";
import { assertCountersTrue, lineOf, sampleBooks } from "./sample-books.test.ts";

const owner = { attemptId: "r1.1", holder: "h", expiresAtMs: 9 };

test("a line is put in the books once and released once", () => {
  const books = sampleBooks(10n);
  const hold = addLine(books, owner, lineOf("", 4n), 1, false);
  assert.equal(addLine(books, owner, lineOf("", 4n), 2, false), hold);
  assert.equal(books.windowOf(hold).heldPicoUsd, 4n);
  assert.equal(releaseHolds(books, "r1.1", 3), true);
  assert.equal(releaseHolds(books, "r1.1", 4), false);
  assert.equal(books.windowOf(hold).heldPicoUsd, 0n);
  assertCountersTrue(books);
});

test("a line for a grant that Postgres does not know restores the grant, holds the money and is reported", () => {
  const books = sampleBooks(10n);
  addLine(books, owner, lineOf("lost-grant", 4n), 1, false);
  addLine(books, { ...owner, attemptId: "r2.1" }, lineOf("lost-grant", 5n), 1, false);
  const window = books.windowOf({ windowId: 0n });
  assert.deepEqual([window.heldPicoUsd, window.grantedPicoUsd], [9n, 0n]);
  assert.equal(books.grants.get("lost-grant")?.debitedPicoUsd, 9n);
  assert.deepEqual(books.contradictions, [{ what: "grant_restored", grantId: "lost-grant" }]);
  assertCountersTrue(books);
});
