// Counters and records that add up, and each way in which they do not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAttempt, checkWindow, type PostedAttempt, type WindowSums } from "./check-books.ts";

const same = (amount: bigint) => ({ found: amount, expected: amount });
const WINDOW: WindowSums = {
  ...{ budgetId: "b", windowId: 1n, startsAtMs: 0, unit: "usd" },
  ...{ posted: same(7n), held: same(3n), granted: same(0n) },
};
type Posted = PostedAttempt["windows"][number];
const money = (posted: bigint, windowId = 1n): Posted => ({
  budgetId: "b",
  windowId,
  startsAtMs: 0,
  unit: "usd",
  posted,
});
const record = (source: "worker" | "lost" | "ingress", costPicoUsd: bigint, outcome = "success", tokens?: bigint) => ({
  ...{ source, revision: 0, outcome, costPicoUsd, tokens },
});
const attempt = (records: PostedAttempt["records"], ...windows: Posted[]): PostedAttempt => ({
  ...{ attemptId: "a.1", records, windows },
});
const saysOf = (checked: PostedAttempt) =>
  checkAttempt(checked).map(({ windowId, found, expected }) => [windowId, found, expected]);

test("counters that are what their parts add up to are no difference", () => {
  assert.deepEqual(checkWindow(WINDOW), []);
});

test("a counter that is one too much is named with both figures, and so is each that is wrong", () => {
  const found = checkWindow({ ...WINDOW, posted: { found: 8n, expected: 7n }, granted: { found: 0n, expected: 1n } });
  assert.deepEqual(
    found.map(({ what, found: is, expected }) => [what, is, expected]),
    [
      ["posted", 8n, 7n],
      ["granted", 0n, 1n],
    ],
  );
});

test("the record that stands is what each of its windows carries, not the first or the last one", () => {
  assert.deepEqual(
    saysOf(attempt([record("lost", 9n), record("worker", 5n), record("ingress", 1n)], money(5n), money(5n, 2n))),
    [],
  );
  assert.deepEqual(saysOf(attempt([record("lost", 9n), record("worker", 5n)], money(9n))), [[1n, 9n, 5n]]);
});

test("a window that only an earlier holder named carries nothing, but somebody carries the cost", () => {
  assert.deepEqual(saysOf(attempt([record("worker", 5n)], money(0n), money(5n, 2n))), []);
  assert.deepEqual(saysOf(attempt([record("worker", 5n)], money(0n), money(0n, 2n))), [[1n, 0n, 5n]]);
  assert.deepEqual(saysOf(attempt([record("worker", 0n)], money(0n))), []);
});

test("without a record nothing is posted, and what was free counts nothing", () => {
  assert.deepEqual(saysOf(attempt([], money(0n))), []);
  assert.deepEqual(saysOf(attempt([], money(1n))), [[1n, 1n, 0n]]);
  const tokens: Posted = { ...money(30n), unit: "tokens" };
  assert.deepEqual(saysOf(attempt([record("worker", 0n, "failed_free", 30n)], tokens)), [[1n, 30n, 0n]]);
});

test("tokens and requests are what the record that stands has counted; where it has no count, none is expected", () => {
  const tokens: Posted = { ...money(30n), unit: "tokens" };
  const requests: Posted = { ...money(1n, 2n), unit: "requests" };
  assert.deepEqual(saysOf(attempt([record("worker", 5n, "success", 30n)], tokens, requests)), []);
  assert.deepEqual(saysOf(attempt([record("worker", 5n, "success", 31n)], tokens, requests)), [[1n, 30n, 31n]]);
  assert.deepEqual(saysOf(attempt([record("worker", 5n)], tokens, { ...requests, posted: 7n })), []);
  assert.deepEqual(saysOf(attempt([record("worker", 5n, "success", 30n)], tokens, { ...requests, posted: 2n })), [
    [2n, 2n, 1n],
  ]);
  assert.deepEqual(saysOf(attempt([record("worker", 5n, "success", 30n)], { ...tokens, posted: 0n }, requests)), [
    [1n, 0n, 30n],
  ]);
});
