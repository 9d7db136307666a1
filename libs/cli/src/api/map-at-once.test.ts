// Many questions, some at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mapAtOnce } from "./map-at-once.ts";

test("answers stand in order, and never more are asked at once than allowed", async () => {
  let running = 0;
  let most = 0;
  const answers = await mapAtOnce([5, 1, 3, 2, 4], 2, async (delay) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, delay));
    running -= 1;
    return delay * 10;
  });
  assert.deepEqual([answers, most], [[50, 10, 30, 20, 40], 2]);
});

test("a failure is the failure of all", async () => {
  await assert.rejects(
    mapAtOnce([1, 2], 2, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.deepEqual(await mapAtOnce([], 4, () => Promise.resolve(1)), []);
});
