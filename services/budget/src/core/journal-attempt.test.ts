import assert from "node:assert/strict";
import { test } from "node:test";
import { giveGrant } from "./give-grant.ts";
import { journalAttempt } from "./journal-attempt.ts";
import { askGrant, assertCountersTrue, journalOf, lineOf, recordOf, sampleBooks } from "./sample-books.test.ts";
import { settleRecord } from "./settle-record.ts";

test("a journal line moves money from granted to held, once, and is kept to close the books with", () => {
  const books = sampleBooks(1_000n);
  giveGrant(books, askGrant("g1", 10n), 0);
  const line = journalOf("r1.1", lineOf("g1", 4n));
  assert.deepEqual(journalAttempt(books, line, 1), { kind: "done", changed: true });
  assert.deepEqual(journalAttempt(books, line, 2), { kind: "done", changed: false });
  const window = books.windowOf({ windowId: 0n });
  assert.deepEqual([window.heldPicoUsd, window.grantedPicoUsd], [4n, 6n]);
  assert.equal(books.holdsOf("r1.1")[0]?.message, line.message);
  assertCountersTrue(books);
});

test("a line of an attempt that is settled opens as settled, even one the record does not name", () => {
  const books = sampleBooks(1_000n);
  settleRecord(books, recordOf("r1.1", "worker", 1n, lineOf("", 2n)), 0);
  journalAttempt(books, journalOf("r1.1", lineOf("g7", 4n)), 1);
  assert.equal(books.windowOf({ windowId: 0n }).heldPicoUsd, 0n);
  assert.ok(books.holdsOf("r1.1").every(({ message }) => message === undefined));
  assertCountersTrue(books);
});
