import assert from "node:assert/strict";
import { test } from "node:test";
import { readArguments } from "./fuzz.ts";

test("runs, seed and parts are read in any order; without a seed one is taken", () => {
  assert.deepEqual(readArguments(["worker", "--seed", "7", "--runs", "9"]), { runs: 9, seed: 7, filters: ["worker"] });
  const { runs, seed } = readArguments([]);
  assert.ok(runs > 0 && Number.isInteger(seed) && seed >= 1);
});

test("what is no number, and what is no option, is named", () => {
  for (const args of [["--runs", "many"], ["--seed"], ["--seed", "-1"], ["--runs", "0"]]) {
    assert.throws(() => readArguments(args), /must be a whole number/);
  }
  assert.throws(() => readArguments(["--speed"]), /no option --speed/);
});
