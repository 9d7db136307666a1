// Azure's cost and usage details: meters of models, and what of the other services is left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineText, parseSample } from "./sample-invoice.test.ts";

test("meters are models and kinds of tokens, quantities are in the meter's unit, a refund is apart", () => {
  const { lines, leftOutRows } = parseSample("azure", "azure.csv");
  assert.deepEqual(lines.map(lineText), [
    "2026-10-03 oai-sweden gpt-4o-0806 input 1234567 3.0864175",
    "2026-10-03 oai-sweden gpt-4o-0806 output 20500 0.205",
    "2026-10-03 oai-sweden gpt-4o-0806 cached_input 500000 0.625",
    "credit 2026-10-05 oai-sweden - other - -0.0025",
  ]);
  assert.equal(leftOutRows, 1);
});
