// AWS's Cost and Usage Report: Bedrock's lines, and what of the other services is left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readInvoiceFile } from "../../inbound/invoices/read-invoice-file.ts";
import { lineText, parseSample, readSample } from "./sample-invoice.test.ts";

const LINES = [
  "2026-10-03 444455556666 nova-pro input 123457 0.0987654",
  "2026-10-03 444455556666 nova-pro output 2000 0.0064",
  // In a unit that the report does not name.
  "2026-10-03 444455556666 claude-sonnet-4 input - 0.3",
  "credit 2026-10-03 444455556666 - other - -0.01",
  "tax 2026-10-31 444455556666 - other - 0.02",
];

test("Bedrock's own models and those of the marketplace, discounts and taxes apart", () => {
  const { lines, leftOutRows, untilDay } = parseSample("aws-cur", "aws-cur.csv");
  assert.deepEqual(lines.map(lineText), LINES);
  assert.deepEqual([leftOutRows, untilDay], [1, "2026-10-31"]);
});

test("the report of before has other names for the same columns", () => {
  const [header = "", ...rows] = readSample("aws-cur.csv").split("\n");
  const legacy = header
    .replaceAll("line_item_line_item_", "lineItem/LineItem_")
    .replaceAll(/line_item_(\w+)/g, (_, name: string) => `lineItem/${name.replaceAll("_", "")}`);
  assert.match(legacy, /lineItem\/unblendedcost/);
  assert.deepEqual(readInvoiceFile("aws-cur", [legacy, ...rows].join("\n")).lines.map(lineText), LINES);
});
