// Fields are found however they are spelled, and units are known or are not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FileNotes, plainName, RowReader, unitPower } from "./row-reader.ts";

test("spellings of a name are one field, and null is none", () => {
  const notes: FileNotes = { faults: [], roundedAmounts: 0, amountDecimals: 0 };
  const fields = new Map([
    [plainName("lineItem/UsageType"), " x "],
    [plainName("project_id"), "null"],
  ]);
  const reader = new RowReader({ fileLine: 7, fields }, notes);
  assert.deepEqual(
    [reader.text("line_item_usage_type"), reader.text("Project Id"), reader.text("none")],
    ["x", "", ""],
  );
  assert.equal(reader.amount(12, "none"), undefined);
  reader.quantity(0, "line_item_usage_type");
  assert.deepEqual(notes.faults, [{ fileLine: 7, field: "line_item_usage_type", problem: '"x" is no count' }]);
});

test("a unit whose size is not known is not guessed", () => {
  assert.deepEqual(["1K", "1K Tokens", "1000", "1M tokens", "1000000 Tokens", "Tokens", "count", "1"].map(unitPower), [
    ...[3, 3, 3, 6, 6, 0, 0, 0],
  ]);
  assert.deepEqual(["Units", "", "Hrs", "1/Month", "100 Images"].map(unitPower), [
    ...[undefined, undefined, undefined, undefined, undefined],
  ]);
});
