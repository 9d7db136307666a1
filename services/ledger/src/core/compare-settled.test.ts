import assert from "node:assert/strict";
import { test } from "node:test";
import { type ComparedRecord, compareSettled, ON_THE_WAY_MS } from "./compare-settled.ts";

const NOW_MS = 1_000_000_000;
const record = (recordId: string, costPicoUsd: bigint | undefined, ageMs = ON_THE_WAY_MS + 1): ComparedRecord => ({
  ...{ recordId, costPicoUsd, sinceMs: NOW_MS - ageMs },
});

test("the same records on both sides are right, in any order", () => {
  const both = [record("a.1:worker", 5n), record("b.1:worker", undefined), record("b.1:worker.1", 7n)];
  assert.deepEqual(compareSettled(both, both.toReversed(), NOW_MS), []);
});

test("what only one side has is a problem once it is no longer on its way", () => {
  const old = [record("a.1:worker", 5n)];
  const young = [record("a.1:worker", 5n, ON_THE_WAY_MS)];
  const problems = (booked: ComparedRecord[], settled: ComparedRecord[]) =>
    compareSettled(booked, settled, NOW_MS).map(({ recordId, problem }) => [recordId, problem]);
  assert.deepEqual(problems(old, []), [["a.1:worker", "the budget service never settled this record"]]);
  assert.deepEqual(problems([], old), [["a.1:worker", "it was settled and never booked"]]);
  assert.deepEqual([problems(young, []), problems([], young)], [[], []]);
});

test("a cost that differs is a problem at once; unknown is no zero", () => {
  const found = compareSettled([record("a.1:worker", 0n, 0)], [record("a.1:worker", undefined, 0)], NOW_MS);
  assert.deepEqual(
    found.map(({ detail }) => detail),
    ["0 pico-USD on the books, unknown settled"],
  );
});
