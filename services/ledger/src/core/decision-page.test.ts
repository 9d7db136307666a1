// Pages of the decision list.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutPage, decodeCursor, encodeCursor } from "./decision-page.ts";

const ID = "0190aaaa-0000-7000-8000-000000000000";
const cursor = { decidedAtMs: 1_795_694_400_123, requestId: ID, attempt: 2 };

test("a cursor comes back as it went", () => {
  assert.deepEqual(decodeCursor(encodeCursor(cursor)), cursor);
});

test("anything else is no cursor", () => {
  for (const text of [
    "",
    "1_2",
    "x",
    `1_${ID}_`,
    `1_${"-".repeat(36)}_1`,
    `999999999999999_${ID}_1`,
    "'; drop table",
  ]) {
    assert.equal(decodeCursor(text), undefined, text);
  }
});

const found = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, n) => ({ cursor: { ...cursor, attempt: n + 1 }, bytes }));

test("a full page has a next one, one that is not full is the last", () => {
  assert.equal(cutPage(found(3, 10), 3).next?.attempt, 3);
  assert.equal(cutPage(found(2, 10), 3).next, undefined);
  assert.deepEqual(cutPage([], 3), { page: [], next: undefined });
});

test("a page that would be too large for an answer is cut, and goes on where it was cut", () => {
  const { page, next } = cutPage(found(5, 1024 * 1024), 100);
  assert.deepEqual([page.length, next?.attempt], [3, 3]);
  assert.equal(cutPage(found(2, 10 * 1024 * 1024), 100).page.length, 1);
});
