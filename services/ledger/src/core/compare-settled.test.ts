import assert from "node:assert/strict";
import { test } from "node:test";
import { type ComparedRecord, compareSettled, ON_THE_WAY_MS } from "./compare-settled.ts";

const NOW_MS = 1_000_000_000;
const record = (recordId: string, costPicoUsd: bigint | undefined, ageMs = ON_THE_WAY_MS + 1): ComparedRecord => ({
  ...{ recordId, costPicoUsd, sinceMs: NOW_MS - ageMs },
});
const problems = (booked: readonly ComparedRecord[], settled: readonly ComparedRecord[]) =>
  compareSettled(booked, settled, NOW_MS).map(({ attemptId, problem }) => [attemptId, problem]);

test("the same records on both sides are right, in any order, and so is one that something better stands against", () => {
  const both = [record("a.1:worker", 5n), record("b.1:worker", undefined), record("b.1:worker.1", 7n)];
  assert.deepEqual(problems(both, both.toReversed()), []);
  assert.deepEqual(problems(both, [record("a.1:worker", 5n), record("a.1:lost", 9n), record("b.1:worker.1", 7n)]), []);
});

test("what stands on one side alone is a problem once it is no longer on its way", () => {
  const old = [record("a.1:worker", 5n)];
  const young = [record("a.1:worker", 5n, ON_THE_WAY_MS)];
  assert.deepEqual(problems(old, []), [["a.1", "the budget service never settled what stands"]]);
  assert.deepEqual(problems(old, [record("a.1:lost", 5n)]), [["a.1", "the budget service never settled what stands"]]);
  assert.deepEqual(problems([record("a.1:lost", 5n)], old), [["a.1", "a better record was settled and never booked"]]);
  assert.deepEqual(problems([], old), [["a.1", "it was settled and never booked"]]);
  assert.deepEqual([problems(young, []), problems([], young), problems(young, [record("a.1:lost", 5n)])], [[], [], []]);
});

test("a cost that differs is a problem at once; unknown is no zero", () => {
  const found = compareSettled([record("a.1:worker", 0n, 0)], [record("a.1:worker", undefined, 0)], NOW_MS);
  assert.deepEqual(
    found.map(({ detail, isLackedByBudgets }) => [detail, isLackedByBudgets]),
    [["worker at 0 pico-USD on the books, worker at unknown cost settled", false]],
  );
});
