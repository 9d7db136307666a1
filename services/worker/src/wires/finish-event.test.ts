import assert from "node:assert/strict";
import { test } from "node:test";
import { finishEvents, isBrokenOff } from "./finish-event.ts";

test("a word is one event: how it finished, or that it broke off; where there is no word there is none", () => {
  assert.deepEqual(finishEvents(1, "stop", { stopSequence: "END" }), [
    { kind: "finish", choice: 1, reason: "stop", stopSequence: "END" },
  ]);
  assert.deepEqual(finishEvents(0, "error"), [{ kind: "broken", choice: 0, said: "error" }]);
  assert.deepEqual(finishEvents(0, ""), []);
  assert.deepEqual([isBrokenOff("error"), isBrokenOff("stop"), isBrokenOff("")], [true, false, false]);
});

test("what a format means by its own words goes before what others mean by them", () => {
  const own = new Map([["error", "content_filter" as const]]);
  assert.deepEqual(finishEvents(0, "error", { own }), [
    { kind: "finish", choice: 0, reason: "content_filter", stopSequence: "" },
  ]);
});
