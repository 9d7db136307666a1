// A burst leaves room for what else happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Paced } from "./paced.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a burst is done in order, a few milliseconds a turn, and what comes meanwhile waits behind it", async () => {
  let nowMs = 0;
  const done: number[] = [];
  const paced = new Paced<number>(
    4,
    (piece) => {
      done.push(piece);
      nowMs += 2;
    },
    () => nowMs,
  );
  for (const piece of [1, 2, 3, 4, 5]) paced.add(piece);
  assert.deepEqual(done, [], "nothing in the caller's stack");
  await nextTurn();
  assert.deepEqual(done, [1, 2]);
  paced.add(6);
  await nextTurn();
  assert.deepEqual(done, [1, 2, 3, 4]);
  await nextTurn();
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6]);
  paced.add(7);
  await nextTurn();
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6, 7]);
});

test("a piece that takes longer than a turn is done all the same, and one that adds another is not in its way", async () => {
  let nowMs = 0;
  const done: string[] = [];
  const paced: Paced<string> = new Paced(
    4,
    (piece) => {
      done.push(piece);
      nowMs += 10;
      if (piece === "a") paced.add("c");
    },
    () => nowMs,
  );
  paced.add("a");
  paced.add("b");
  for (const expected of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    await nextTurn();
    assert.deepEqual(done, expected);
  }
});
