// Rows of a CSV or tab-separated file, each with the line it begins on.
import { CsvError, parse } from "csv-parse/sync";
import type { InvoiceFault, InvoiceRow } from "../../core/invoices/invoice-line.ts";
import { plainName } from "../../core/invoices/row-reader.ts";

/** With a header or nothing: a file without one names no field. */
export function readCsv(text: string): { rows: InvoiceRow[] } | { faults: InvoiceFault[] } {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  try {
    const records = parse(text, {
      bom: true,
      delimiter: header.includes("\t") && !header.includes(",") ? "\t" : ",",
      skip_empty_lines: true,
      // Later lines keep their numbers: `lines` counts those of the file, also inside quotes.
      info: true,
      relax_column_count: false,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    const [names, ...rest] = records;
    const keys = names?.record.map(plainName) ?? [];
    const twice = keys.find((key, index) => key !== "" && keys.indexOf(key) < index);
    if (twice !== undefined) return fault(1, twice, "there are two columns of that name");
    return {
      rows: rest.map(({ record, info }) => ({
        fileLine: info.lines - newlinesIn(record),
        fields: new Map(record.map((value, index) => [keys[index] ?? "", value])),
      })),
    };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return fault(typeof error.lines === "number" ? error.lines : 0, "", `is no CSV: ${error.code}`);
  }
}

function newlinesIn(record: readonly string[]): number {
  return record.reduce((sum, value) => sum + (value.includes("\n") ? value.split("\n").length - 1 : 0), 0);
}

function fault(fileLine: number, field: string, problem: string): { faults: InvoiceFault[] } {
  return { faults: [{ fileLine, field, problem }] };
}
