import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { remember } from "./remember.ts";

let nowMs = 0;
let asked: string[] = [];
beforeEach(() => {
  nowMs = 0;
  asked = [];
});

const options = { ageMsMax: 10, entriesMax: 2, monotonicMs: () => nowMs };
const ask = async (name: string): Promise<number> => {
  asked.push(name);
  return asked.length;
};

test("an answer serves until it is too old", async () => {
  const find = remember({ ...options, ask });
  assert.deepEqual([await find("a"), await find("a")], [1, 1]);
  nowMs = 10;
  assert.equal(await find("a"), 2);
});

test("two who ask at the same time wait for one answer", async () => {
  const find = remember({ ...options, ask });
  assert.deepEqual(await Promise.all([find("a"), find("a")]), [1, 1]);
});

test("no more answers are kept than allowed: the oldest goes", async () => {
  const find = remember({ ...options, ask });
  for (const name of ["a", "b", "c", "b", "a"]) await find(name);
  assert.deepEqual(asked, ["a", "b", "c", "a"]);
});

test("a failure is asked again at once", async () => {
  let fails = true;
  const find = remember({
    ...options,
    ask: async () => {
      if (fails) throw new Error("away");
      return "there";
    },
  });
  await assert.rejects(find("a"), /away/);
  fails = false;
  assert.equal(await find("a"), "there");
});
