// A file of a provider's invoice, row by row, as exact lines: all of it, or what is wrong with it.
import { anthropic } from "./anthropic.ts";
import { awsCur } from "./aws-cur.ts";
import { azure } from "./azure.ts";
import { focus } from "./focus.ts";
import { google } from "./google.ts";
import type { InvoiceFault, InvoiceLine, InvoiceRow, ParsedInvoice } from "./invoice-line.ts";
import { openai } from "./openai.ts";
import { type FileNotes, type InvoiceFormat, plainName, RowReader } from "./row-reader.ts";

const FORMATS = { openai, anthropic, "aws-cur": awsCur, azure, google, focus } as const satisfies Record<
  string,
  InvoiceFormat
>;
export type InvoiceFormatName = keyof typeof FORMATS;
export const INVOICE_FORMATS = Object.keys(FORMATS) as readonly InvoiceFormatName[];

/** What is wrong is listed until here. */
const FAULTS_MAX = 100;
/** Rows of usage; rows that were left out do not count. */
const LINES_MAX = 200_000;
/** Days between the first and the last: an invoice is of a month or a quarter, not of years. */
const DAYS_MAX = 400;

export type ParseOutcome = { invoice: ParsedInvoice } | { faults: InvoiceFault[] };

/** `rows` in the order of the file, each with the fields that it has. */
export function parseInvoice(format: InvoiceFormatName, rows: readonly InvoiceRow[]): ParseOutcome {
  const notes: FileNotes = { faults: [], roundedAmounts: 0, amountDecimals: 0 };
  const known = FORMATS[format];
  const missing = missingColumns(known, rows);
  if (missing.length > 0) return { faults: missing };
  const lines: InvoiceLine[] = [];
  const days: string[] = [];
  let leftOutRows = 0;
  for (const row of rows) {
    const meaning = known.read(new RowReader(row, notes));
    if (notes.faults.length >= FAULTS_MAX) break;
    if (meaning === undefined) continue;
    if (meaning === "left out") leftOutRows += 1;
    else {
      days.push(meaning.day);
      lines.push(...meaning.lines);
    }
  }
  const sorted = [...new Set(days)].sort();
  const [fromDay, untilDay] = [sorted[0] ?? "", sorted.at(-1) ?? ""];
  if (notes.faults.length === 0) notes.faults.push(...wholeFile(lines, fromDay, untilDay));
  if (notes.faults.length > 0) return { faults: notes.faults.slice(0, FAULTS_MAX) };
  const { roundedAmounts, amountDecimals } = notes;
  return { invoice: { lines, fromDay, untilDay, leftOutRows, roundedAmounts, amountDecimals } };
}

function missingColumns({ columns }: InvoiceFormat, rows: readonly InvoiceRow[]): InvoiceFault[] {
  const [first] = rows;
  if (!first) return [{ fileLine: 0, field: "", problem: "there is no row in it" }];
  return columns
    .filter((names) => !rows.some(({ fields }) => names.some((name) => fields.has(plainName(name)))))
    .map((names) => ({ fileLine: 0, field: names[0] ?? "", problem: `there is no ${names.join(" nor ")}` }));
}

function wholeFile(lines: readonly InvoiceLine[], fromDay: string, untilDay: string): InvoiceFault[] {
  const whole = (field: string, problem: string): InvoiceFault[] => [{ fileLine: 0, field, problem }];
  if (fromDay === "") return whole("", "there is no usage of models in it");
  if (lines.length > LINES_MAX) return whole("", `it has more than ${LINES_MAX} lines of usage; import it in parts`);
  if (daysBetween(fromDay, untilDay) > DAYS_MAX) {
    return whole("", `it is of more than ${DAYS_MAX} days, ${fromDay} to ${untilDay}; import it in parts`);
  }
  return [];
}

/** Roughly: by months of 31 days. */
function daysBetween(fromDay: string, untilDay: string): number {
  const number = (day: string): number => {
    const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
    return (year * 12 + month) * 31 + date;
  };
  return number(untilDay) - number(fromDay);
}
