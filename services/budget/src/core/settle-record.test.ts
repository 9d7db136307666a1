import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBatch } from "./apply-batch.ts";
import {
  askGrant,
  assertCountersTrue,
  journalOf,
  lineOf,
  placeHoldOf,
  recordOf,
  sampleBooks,
} from "./sample-books.test.ts";

test("a record posts its cost and releases the hold, once", () => {
  const books = sampleBooks(100n);
  const window = books.windowOf({ windowId: 0n });
  applyBatch(books, [placeHoldOf("r1.1", 10n)], 0);
  const record = recordOf("r1.1", "worker", 7n, lineOf("", 10n));
  assert.deepEqual(applyBatch(books, [record, record], 1), [
    { kind: "settled", repeated: false, overHoldPicoUsd: 0n },
    { kind: "settled", repeated: true, overHoldPicoUsd: 0n },
  ]);
  assert.deepEqual([window.postedPicoUsd, window.heldPicoUsd], [7n, 0n]);
  assertCountersTrue(books);
});

test("a better record posts the difference; a lesser one that comes late changes nothing", () => {
  const books = sampleBooks(100n);
  const window = books.windowOf({ windowId: 0n });
  const line = lineOf("", 10n);
  applyBatch(books, [placeHoldOf("r1.1", 10n), recordOf("r1.1", "lost", 10n, line)], 0);
  applyBatch(books, [recordOf("r1.1", "lost", 10n, line)], 0);
  assert.equal(window.postedPicoUsd, 10n);
  applyBatch(books, [recordOf("r1.1", "worker", 3n, line)], 1);
  assert.equal(window.postedPicoUsd, 3n);
  applyBatch(books, [recordOf("r1.1", "ingress", 8n, line)], 2);
  assert.equal(window.postedPicoUsd, 3n);
  assertCountersTrue(books);
});

test("a record that comes before the journal line debits the grant; the line then changes nothing", () => {
  const books = sampleBooks(1_000n);
  const window = books.windowOf({ windowId: 0n });
  applyBatch(books, [askGrant("g1", 10n)], 0);
  applyBatch(books, [recordOf("r1.1", "worker", 3n, lineOf("g1", 4n))], 1);
  assert.deepEqual([window.postedPicoUsd, window.heldPicoUsd, window.grantedPicoUsd], [3n, 0n, 6n]);
  applyBatch(books, [journalOf("r1.1", lineOf("g1", 4n))], 2);
  assert.deepEqual([window.postedPicoUsd, window.heldPicoUsd, window.grantedPicoUsd], [3n, 0n, 6n]);
  assertCountersTrue(books);
});

test("everything held under the attempt is released, also by another holder, and the cost is posted once per window", () => {
  const books = sampleBooks(1_000n, 1_000n);
  applyBatch(books, [askGrant("g1", 10n), askGrant("g2", 10n, { budgetId: "b1" })], 0);
  applyBatch(books, [placeHoldOf("r1.1", 5n, { holder: "gone" })], 0);
  const lines = [lineOf("g1", 6n), lineOf("", 2n), lineOf("g2", 6n, 1)];
  applyBatch(books, [recordOf("r1.1", "worker", 6n, ...lines)], 1);
  for (const window of books.windows.values()) {
    assert.deepEqual([window.postedPicoUsd, window.heldPicoUsd, window.grantedPicoUsd], [6n, 0n, 4n]);
  }
  assertCountersTrue(books);
});

test("a cost beyond the hold is posted in full and reported", () => {
  const books = sampleBooks(10n);
  const answers = applyBatch(books, [recordOf("r1.1", "worker", 12n, lineOf("", 10n))], 0);
  assert.deepEqual(answers, [{ kind: "settled", repeated: false, overHoldPicoUsd: 2n }]);
  assert.equal(books.windowOf({ windowId: 0n }).postedPicoUsd, 12n);
});

test("a revision posts what its price says, in the window of the hold; one without lines came too late and posts nothing", () => {
  const books = sampleBooks(100n);
  const window = books.windowOf({ windowId: 0n });
  applyBatch(books, [placeHoldOf("r1.1", 10n)], 0);
  const line = lineOf("", 10n);
  const worker = recordOf("r1.1", "worker", 0n, line);
  const first = { ...worker, recordId: "r1.1:worker.1", revision: 1, costPicoUsd: 7n };
  const second = { ...worker, recordId: "r1.1:worker.2", revision: 2, costPicoUsd: 4n };
  applyBatch(books, [{ ...worker, costKnown: false }, second, first, second], 1);
  assert.equal(window.postedPicoUsd, 4n, "the later revision stands, whatever order they come in");
  const late = { ...worker, recordId: "r1.1:worker.3", revision: 3, costPicoUsd: 99n, lines: [] };
  applyBatch(books, [late], 2);
  assert.equal(window.postedPicoUsd, 4n);
  assertCountersTrue(books);
});

test("a call without a price is told, once a day for each model, with the first of its attempts", () => {
  const books = sampleBooks(100n);
  const unpriced = { organisationId: "acme", model: "sim/new" };
  const record = { ...recordOf("r1.1", "worker", 0n, lineOf("", 10n)), costKnown: false, unpriced };
  applyBatch(books, [record, { ...record, attemptId: "r2.1", recordId: "r2.1:worker" }], 86_400_000);
  assert.deepEqual(
    books.alerts.map(({ kind, once, data }) => [kind, once, data.attemptId]),
    [
      ["price_unknown", "price_unknown:acme:sim/new:1", "r1.1"],
      ["price_unknown", "price_unknown:acme:sim/new:1", "r2.1"],
    ],
  );
});

test("a record that names a window of another budget is impossible and changes nothing", () => {
  const books = sampleBooks(10n, 10n);
  const wrong = { ...lineOf("", 1n), windowId: 1n };
  const [answer] = applyBatch(books, [recordOf("r1.1", "worker", 1n, wrong)], 0);
  assert.equal(answer?.kind, "impossible");
  assert.equal(books.recordsOf("r1.1").length, 0);
});

test("where nothing better is known than what was held, all of it counts, in each unit, whatever grants it was cut from", () => {
  const books = sampleBooks(1_000n, 1_000n, 1_000n);
  const [, tokens, requests] = books.windows.values();
  assert.ok(tokens && requests);
  tokens.unit = "tokens";
  requests.unit = "requests";
  applyBatch(books, [askGrant("g1", 10n, { budgetId: "b1" })], 0);
  const lines = [lineOf("", 9n), lineOf("g1", 6n, 1), lineOf("", 5n, 1), lineOf("", 1n, 2)];
  applyBatch(
    books,
    [{ ...recordOf("r1.1", "lost", 9n, ...lines), outcome: "unknown", isWorstCase: true, tokens: 4n }],
    1,
  );
  assert.deepEqual(
    [...books.windows.values()].map(({ postedPicoUsd, heldPicoUsd }) => [postedPicoUsd, heldPicoUsd]),
    [
      [9n, 0n],
      [11n, 0n],
      [1n, 0n],
    ],
  );
  applyBatch(books, [{ ...recordOf("r1.1", "worker", 2n, ...lines), tokens: 4n }], 2);
  assert.deepEqual(
    [...books.windows.values()].map(({ postedPicoUsd }) => postedPicoUsd),
    [2n, 4n, 1n],
  );
  assertCountersTrue(books);
});
