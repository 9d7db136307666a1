// Journal lines arrive in order, at least once, and none is lost, however often a call fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JournalQueue } from "./journal-queue.ts";

test("one batch is under way at a time", () => {
  const queue = new JournalQueue<number>(100, 2);
  for (const attempt of [1, 2, 3]) queue.pushAttempt(attempt);
  assert.deepEqual(queue.take()?.attempts, [1, 2]);
  assert.equal(queue.take(), undefined);
  queue.failed();
  assert.deepEqual(queue.take()?.attempts, [1, 2]);
  queue.acknowledged();
  assert.deepEqual(queue.take()?.attempts, [3]);
});

test("a full queue says so before anything more is held", () => {
  const queue = new JournalQueue<number>(2, 10);
  queue.pushAttempt(1);
  assert.ok(queue.hasRoom);
  queue.pushAttempt(2);
  assert.ok(!queue.hasRoom);
});

test("with any failures, lines are told in order and a closing or a withdrawal never before the lines pushed ahead of it", () => {
  const ops = fc.array(fc.constantFrom("attempt", "closing", "withdrawal", "ok", "fail"), { maxLength: 200 });
  fc.assert(
    fc.property(ops, fc.integer({ min: 1, max: 7 }), (plan, batchMax) => {
      const queue = new JournalQueue<number>(1_000, batchMax);
      const told: number[] = [];
      let next = 0;
      const pushed: number[] = [];
      const drain = (isOk: boolean): void => {
        const batch = queue.take();
        if (!batch) return;
        const last = [
          ...batch.closings.map(({ debitedPicoUsd }) => Number(debitedPicoUsd)),
          ...batch.withdrawals.map(({ attemptId }) => Number(attemptId)),
        ];
        if (isOk) {
          // The receiver takes attempts first, then the others.
          told.push(...[...batch.attempts, ...last].sort((a, b) => a - b));
          for (const line of last) {
            for (let before = 0; before < line; before += 1) assert.ok(told.includes(before));
          }
          queue.acknowledged();
        } else queue.failed();
      };
      for (const op of plan) {
        if (op === "attempt") queue.pushAttempt(next);
        if (op === "closing") queue.pushClosing({ grantId: "g", debitedPicoUsd: BigInt(next) });
        if (op === "withdrawal") queue.pushWithdrawal({ attemptId: String(next), holder: "h" });
        if (op === "attempt" || op === "closing" || op === "withdrawal") {
          pushed.push(next);
          next += 1;
        } else drain(op === "ok");
      }
      while (queue.length > 0) drain(true);
      assert.deepEqual(told, pushed);
    }),
  );
});
