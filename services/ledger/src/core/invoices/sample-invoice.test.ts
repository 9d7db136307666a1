// The sample files of the vendors' formats beside these tests, as lines that are short to compare.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatUsd } from "@waybill/domain";
import { readInvoiceFile } from "../../inbound/invoices/read-invoice-file.ts";
import type { InvoiceLine, ParsedInvoice } from "./invoice-line.ts";
import type { InvoiceFormatName } from "./parse-invoice.ts";

export function readSample(name: string): string {
  return readFileSync(new URL(`samples/${name}`, import.meta.url), "utf8");
}

export function parseSample(format: InvoiceFormatName, name: string): ParsedInvoice {
  return readInvoiceFile(format, readSample(name));
}

/** "2026-10-03 account model input 400 0.06"; a charge that is no usage stands before its day, and "-" where the file does not say. */
export function lineText(line: InvoiceLine): string {
  const { charge, day, account, model, kind, quantity, amountPicoUsd } = line;
  const amount = amountPicoUsd === undefined ? "-" : formatUsd(amountPicoUsd);
  const parts = [
    charge === "usage" ? "" : charge,
    day,
    account || "-",
    model || "-",
    kind,
    String(quantity ?? "-"),
    amount,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** What is told about a file that is refused. */
export function refusal(format: string, text: string): string {
  try {
    readInvoiceFile(format, text);
  } catch (error) {
    return error instanceof Error && "publicMessage" in error ? String(error.publicMessage) : String(error);
  }
  return assert.fail("it was not refused");
}

test("a format that is none is refused by name", () => {
  assert.match(refusal("pdf", "x"), /none of openai, anthropic, aws-cur, azure, google, focus/);
});
