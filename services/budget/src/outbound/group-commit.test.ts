import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";

class Hopeless extends Error {}

function make(change: Partial<GroupCommitOptions<number, number>> = {}): {
  group: GroupCommit<number, number>;
  batches: number[][];
} {
  const batches: number[][] = [];
  const group = new GroupCommit<number, number>({
    async commit(operations) {
      batches.push([...operations]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return operations.map((operation) => operation * 10);
    },
    isHopeless: (error) => error instanceof Hopeless,
    patienceMs: () => 0,
    batchMax: 100,
    waitingMax: 1_000,
    retryMs: 5,
    ...change,
  });
  return { group, batches };
}

const isUnavailable = (error: unknown): boolean => error instanceof WaybillError && error.code === "budget_unavailable";

test("while one batch commits the next gathers, and everybody gets his own answer", async () => {
  const { group, batches } = make();
  const first = Promise.all([1, 2].map((operation) => group.submit(operation)));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const second = Promise.all([3, 4, 5].map((operation) => group.submit(operation)));
  assert.deepEqual(await first, [10, 20]);
  assert.deepEqual(await second, [30, 40, 50]);
  assert.deepEqual(batches, [
    [1, 2],
    [3, 4, 5],
  ]);
});

test("what nobody waits for waits for company, and goes with the first that somebody waits for", async () => {
  const { group, batches } = make({ patienceMs: (operation) => (operation < 10 ? 60_000 : 0) });
  const patient = [1, 2].map((operation) => group.submit(operation));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(batches, []);
  assert.equal(await group.submit(10), 100);
  assert.deepEqual(await Promise.all(patient), [10, 20]);
  assert.deepEqual(batches, [[1, 2, 10]]);
});

test("company is not waited for longer than said, nor when a batch is full, nor when stopping", async () => {
  const { group, batches } = make({ patienceMs: (operation) => (operation === 1 ? 20 : 60_000), batchMax: 3 });
  assert.equal(await group.submit(1), 10);
  await Promise.all([2, 3, 4].map((operation) => group.submit(operation)));
  const last = group.submit(5);
  await group.stop(1_000);
  assert.equal(await last, 50);
  assert.deepEqual(batches, [[1], [2, 3, 4], [5]]);
});

test("a batch is bounded, and so are those who wait", async () => {
  const { group, batches } = make({ batchMax: 2, waitingMax: 3 });
  const answers = [1, 2, 3].map((operation) => group.submit(operation));
  await assert.rejects(group.submit(4), isUnavailable);
  await Promise.all(answers);
  assert.deepEqual(batches, [[1, 2], [3]]);
});

test("while the database is away nothing hangs: each call fails at its own deadline, what has none is done later", async () => {
  let isAway = true;
  const { group } = make({
    async commit(operations) {
      if (isAway) throw new Error("connection refused");
      return operations;
    },
  });
  const patient = group.submit(1);
  const startedAtMs = performance.now();
  await assert.rejects(group.submit(2, 30), isUnavailable);
  assert.ok(performance.now() - startedAtMs < 1_000);
  isAway = false;
  assert.equal(await patient, 1);
});

test("an operation whose deadline passed before its batch began is not carried out", async () => {
  let isAway = true;
  const done: number[] = [];
  const { group } = make({
    async commit(operations) {
      if (isAway) throw new Error("connection refused");
      done.push(...operations);
      return operations;
    },
  });
  await assert.rejects(group.submit(1, 10), isUnavailable);
  isAway = false;
  await group.submit(2);
  assert.deepEqual(done, [2]);
});

test("a hopeless operation fails alone", async () => {
  const { group } = make({
    async commit(operations) {
      if (operations.includes(13)) throw new Hopeless("a value that cannot be");
      return operations;
    },
  });
  const outcomes = await Promise.allSettled([11, 12, 13, 14, 15, 16, 17].map((operation) => group.submit(operation)));
  assert.deepEqual(
    outcomes.map(({ status }) => status === "fulfilled"),
    [true, true, false, true, true, true, true],
  );
});

test("stopping finishes what waits and refuses what comes later", async () => {
  const { group } = make();
  const waiting = group.submit(1);
  await group.stop(1_000);
  assert.equal(await waiting, 10);
  await assert.rejects(group.submit(2), isUnavailable);
});
