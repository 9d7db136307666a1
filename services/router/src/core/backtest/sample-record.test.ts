// The samples are what tests believe them to be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleAttempt, sampleRecord } from "./sample-record.ts";

test("a sample record was served by the model it names, or refused", () => {
  assert.equal(sampleRecord("a/m").explanation?.target?.model, "m");
  assert.deepEqual(
    [sampleRecord("").explanation?.target, sampleRecord("").explanation?.refusalCode],
    [undefined, "no_workers"],
  );
});

test("a sample attempt answered", () => {
  assert.deepEqual([sampleAttempt().outcome, sampleAttempt({ outcome: "partial" }).outcome], ["success", "partial"]);
});
