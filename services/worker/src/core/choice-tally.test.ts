import assert from "node:assert/strict";
import { test } from "node:test";
import { ChoiceTally } from "./choice-tally.ts";

test("an answer is whole when every choice that was begun has finished, and one has", () => {
  const tally = new ChoiceTally();
  const seen = [tally.isWhole];
  for (const step of [() => tally.begin(0), () => tally.begin(2), () => tally.finish(2), () => tally.finish(0)]) {
    step();
    seen.push(tally.isWhole);
  }
  assert.deepEqual(seen, [false, false, false, false, true]);
});

test("what comes for a choice that has finished does not open it again", () => {
  const tally = new ChoiceTally();
  tally.finish(0);
  tally.begin(0);
  assert.equal(tally.isWhole, true);
});
