// Rows of FOCUS as a file while they come: CSV line by line, Parquet a group of rows at a time, so that a month of any size fits.
import type { FocusColumn, ListFocusRowsResponse } from "@waybill/wire";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { csvLine, DECIMAL, type FocusValue, unscaled } from "../../core/focus-text.ts";

type Page = Pick<ListFocusRowsResponse, "columns" | "rows">;
type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Rows of a group: a few megabytes are held, and a reader can skip what it does not want. */
const GROUP_ROWS = 20_000;
const DECIMAL_BYTES = 16;

/** There is at least one page and one row; all pages have the same columns. */
export async function* csvFile(pages: AsyncIterable<Page>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const page of pages) {
    const lines = valuesOf(page).map(csvLine);
    if (isFirst) lines.unshift(csvLine(page.columns.map(({ name }) => name)));
    isFirst = false;
    if (lines.length > 0) yield Buffer.from(lines.join(""));
  }
}

/** The same, with the columns' own types: decimals exact, times in UTC. */
export async function* parquetFile(pages: AsyncIterable<Page>): AsyncGenerator<Buffer> {
  const bytes = new ByteWriter();
  let parquet: ParquetWriter | undefined;
  let columns: FocusColumn[] = [];
  let waiting: FocusValue[][] = [];
  const write = (): void => {
    if (!parquet || waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    const columnData = columns.map(({ name, kind }, index) => ({
      ...{ name, data: rows.map((row) => keptAs(kind, row[index] ?? null)) },
    }));
    void parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
  };
  // What was written so far, which is then forgotten; places in the file go on counting.
  const taken = (): Buffer => {
    const chunk = Buffer.from(bytes.getBytes());
    bytes.index = 0;
    return chunk;
  };
  for await (const page of pages) {
    columns = page.columns;
    parquet ??= new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: "waybill" });
    for (const row of valuesOf(page)) waiting.push(row);
    if (waiting.length < GROUP_ROWS) continue;
    write();
    yield taken();
  }
  write();
  void parquet?.finish();
  yield taken();
}

function valuesOf({ columns, rows }: Page): FocusValue[][] {
  return rows.map(({ values, absent }) => {
    const row: FocusValue[] = columns.map((_, index) => values[index] ?? "");
    for (const index of absent) row[index] = null;
    return row;
  });
}

function keptAs(kind: string, value: FocusValue): unknown {
  if (value === null) return null;
  if (kind === "decimal") return unscaled(value);
  if (kind === "integer") return BigInt(value);
  return kind === "time" ? new Date(value) : value;
}

function schemaOf(columns: readonly FocusColumn[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, kind, required }) => ({
      ...{ name, repetition_type: required ? ("REQUIRED" as const) : ("OPTIONAL" as const) },
      ...typeOf(kind),
    })),
  ];
}

function typeOf(kind: string): Omit<SchemaElement, "name"> {
  if (kind === "decimal") {
    return { type: "FIXED_LEN_BYTE_ARRAY", type_length: DECIMAL_BYTES, converted_type: "DECIMAL", ...DECIMAL };
  }
  if (kind === "integer") return { type: "INT64" };
  if (kind === "time") return { type: "INT64", converted_type: "TIMESTAMP_MILLIS" };
  return { type: "BYTE_ARRAY", converted_type: "UTF8" };
}
