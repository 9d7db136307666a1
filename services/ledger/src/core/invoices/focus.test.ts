// FOCUS of any vendor, and Waybill's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineText, parseSample, refusal } from "./sample-invoice.test.ts";

test("details of the SKU say model and kind, else the words of its meter do", () => {
  const { lines, leftOutRows } = parseSample("focus", "focus.csv");
  assert.deepEqual(lines.map(lineText), [
    "2026-10-03 project-1 gpt-5 input 600000 0.75",
    "2026-10-03 project-1 gpt-5 cache_write_5m 2000000 7.5",
    "2026-10-04 project-1 gpt-4o-0806 output 50000 0.5",
    "credit 2026-10-04 project-1 - other - -0.1",
    "tax 2026-10-04 project-1 - other - 0.2",
  ]);
  assert.equal(leftOutRows, 1);
});

test("columns that are missing are named", () => {
  assert.equal(
    refusal("focus", "BilledCost,ChargeCategory\n1,Usage\n"),
    "Nothing was imported. the file, ChargePeriodStart: there is no ChargePeriodStart; the file, BillingCurrency: there is no BillingCurrency.",
  );
});
