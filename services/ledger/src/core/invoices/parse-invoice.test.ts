// Whole files: sums are those of what was written, and a file is understood all of it or not at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd } from "@waybill/domain";
import fc from "fast-check";
import type { InvoiceRow } from "./invoice-line.ts";
import { parseInvoice } from "./parse-invoice.ts";
import { refusal } from "./sample-invoice.test.ts";

const row = (fileLine: number, fields: Record<string, string>): InvoiceRow => ({
  fileLine,
  fields: new Map(Object.entries(fields)),
});
const cost = (fileLine: number, amount: string): InvoiceRow =>
  row(fileLine, { starttime: "1790985600", amountvalue: amount, amountcurrency: "usd", lineitem: "m, input" });

test("the sum of the lines is the sum of the file, to the pico-dollar", () => {
  const amount = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  fc.assert(
    fc.property(fc.array(amount, { minLength: 1, maxLength: 40 }), (amounts) => {
      const outcome = parseInvoice(
        "openai",
        amounts.map((pico, index) => cost(index + 2, formatUsd(pico))),
      );
      assert.ok("invoice" in outcome);
      const total = outcome.invoice.lines.reduce((sum, { amountPicoUsd }) => sum + (amountPicoUsd ?? 0n), 0n);
      assert.equal(
        total,
        amounts.reduce((sum, pico) => sum + pico, 0n),
      );
      assert.equal(outcome.invoice.roundedAmounts, 0);
    }),
  );
});

test("one bad row among good ones refuses the file", () => {
  const outcome = parseInvoice("openai", [cost(2, "1"), cost(3, "one"), cost(4, "1")]);
  assert.deepEqual(outcome, { faults: [{ fileLine: 3, field: "amount_value", problem: '"one" is no amount' }] });
});

test("a file of many bad rows is told about until a hundred", () => {
  const outcome = parseInvoice(
    "openai",
    Array.from({ length: 500 }, (_, index) => cost(index + 2, "x")),
  );
  assert.equal("faults" in outcome && outcome.faults.length, 100);
});

test("a file without usage, or of years, is refused", () => {
  assert.deepEqual(parseInvoice("openai", []), {
    faults: [{ fileLine: 0, field: "", problem: "there is no row in it" }],
  });
  const others = row(2, {
    ...{ lineitemusagestartdate: "2026-10-03", lineitemunblendedcost: "1", lineitemusagetype: "x" },
    ...{ lineitemlineitemtype: "Usage", lineitemproductcode: "AmazonEC2" },
  });
  assert.deepEqual(parseInvoice("aws-cur", [others]), {
    faults: [{ fileLine: 0, field: "", problem: "there is no usage of models in it" }],
  });
  const years = parseInvoice("openai", [cost(2, "1"), row(3, { starttime: "1890985600" })]);
  assert.match("faults" in years ? (years.faults[0]?.problem ?? "") : "", /more than 400 days/);
});

test("text that is neither CSV nor JSON, hostile nesting and broken quotes are refused", () => {
  assert.match(refusal("openai", "%PDF-1.7\n%âãÏÓ\n1 0 obj\n"), /no start_time/);
  assert.match(refusal("openai", `${"[".repeat(100_000)}`), /nested too deeply/);
  assert.match(refusal("openai", '{"data": [{"start_time": 1790985600,\n "results": [}'), /line 2: is no JSON/);
  assert.match(refusal("openai", 'start_time,x\n1,"a\n'), /is no CSV: CSV_QUOTE_NOT_CLOSED/);
  assert.match(refusal("openai", "start_time,x\n1790985600\n"), /line 2: is no CSV: CSV_RECORD_INCONSISTENT/);
  assert.match(refusal("openai", "start_time,Start Time\n1,2\n"), /line 1, starttime: there are two columns/);
  assert.match(refusal("openai", ""), /there is no row in it/);
});
