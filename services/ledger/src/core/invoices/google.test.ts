// Google's usage cost out of BigQuery: SKUs of models, credits apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineText, parseSample, refusal } from "./sample-invoice.test.ts";

test("rows one a line: SKUs are models and kinds of tokens, and each credit is a line of its own", () => {
  const { lines, leftOutRows } = parseSample("google", "google.jsonl");
  assert.deepEqual(lines.map(lineText), [
    "2026-10-03 gateway-production gemini-2.5-flash input 1065040 0.319512",
    "credit 2026-10-03 gateway-production - other - -0.03",
    "credit 2026-10-03 gateway-production - other - -0.01",
    "2026-10-03 gateway-production gemini-2.5-flash reasoning 10 0.000025",
    "tax 2026-10-31 01ABCD-2EFGH3-4IJKL5 - other - 0.07",
  ]);
  assert.equal(leftOutRows, 1);
});

test("an export as CSV has the same columns", () => {
  const text = [
    "service.description,sku.description,usage_start_time,project.id,cost,currency,usage.amount_in_pricing_units,usage.pricing_unit",
    'Vertex AI,"Gemini 3 Flash Text Output - Predictions",2026-10-03 07:00:00 UTC,p,0.5,EUR,10,count',
  ];
  assert.match(refusal("google", text.join("\n")), /line 2, currency: "EUR"/);
});
