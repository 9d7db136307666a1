// The text of an invoice's file as lines: CSV or JSON by how it begins, then the format that was named.
import { WaybillError } from "@waybill/domain";
import type { InvoiceFault, ParsedInvoice } from "../../core/invoices/invoice-line.ts";
import { INVOICE_FORMATS, type InvoiceFormatName, parseInvoice } from "../../core/invoices/parse-invoice.ts";
import { readCsv } from "./read-csv.ts";
import { readJson } from "./read-json.ts";

/** What is wrong is told until here; the rest is counted. */
const TOLD_MAX = 10;

/** Throws invalid_value with every line and field at fault; then nothing was taken from the file. */
export function readInvoiceFile(format: string, text: string): ParsedInvoice {
  const name = INVOICE_FORMATS.find((known): known is InvoiceFormatName => known === format);
  if (!name) throw refuse("format", `It is none of ${INVOICE_FORMATS.join(", ")}.`);
  const read = /^\uFEFF?\s*[[{]/.test(text) ? readJson(text) : readCsv(text);
  const outcome = "faults" in read ? read : parseInvoice(name, read.rows);
  if ("invoice" in outcome) return outcome.invoice;
  throw refuse(
    "file",
    `Nothing was imported. ${outcome.faults.slice(0, TOLD_MAX).map(faultText).join("; ")}${restOf(outcome.faults)}.`,
  );
}

function faultText({ fileLine, field, problem }: InvoiceFault): string {
  const where = [fileLine > 0 ? `line ${fileLine}` : "the file", field].filter((part) => part !== "").join(", ");
  return `${where}: ${problem}`;
}

function restOf(faults: readonly InvoiceFault[]): string {
  return faults.length > TOLD_MAX ? `; and ${faults.length - TOLD_MAX} more` : "";
}

function refuse(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
