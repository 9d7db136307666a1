// `npm run sql`: one query as finance_reader, who sees the finance views and nothing else. Data to stdout, the rest to stderr.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { connectOnce, copyCsv, sqlState } from "@waybill/store";
import { readLauncherConfig } from "../config.ts";
import { PlainError } from "../plain-error.ts";
import { renderTable } from "../text-table.ts";

/** More would not be read on a screen; a longer list needs a tool that streams. */
const rowsMax = 10_000;
/** Postgres's type numbers: int8, int2, int4, float4, float8, numeric. */
const numberTypes = new Set([20, 21, 23, 700, 701, 1700]);
const exactInJson = new Set([20, 21, 23]);
const booleanType = 16;

export const sqlHelp = `npm run sql -- "select ..."          run a query on the books of the running stack, as a table
npm run -s sql -- --json "select ..."  the same as JSON: an array of objects; exact decimals are strings
npm run -s sql -- --csv "select ..."   the same as CSV with a line of names, all rows

Runs as finance_reader: read only, views of the schema finance, at most ${rowsMax} rows but for CSV.
Try: select * from finance.cost_by_team_day`;

interface Answer {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (string | null)[][];
}

export async function sql(args: readonly string[]): Promise<void> {
  const [json, csv] = [args.includes("--json"), args.includes("--csv")];
  const query = args
    .filter((arg) => arg !== "--json" && arg !== "--csv")
    .join(" ")
    .trim()
    .replace(/;\s*$/, "");
  if (query === "") throw new PlainError(`there is no query.\n\n${sqlHelp}`);
  if (csv) return writeCsv(await readFinanceUrl(), query);
  const answer = await ask(await readFinanceUrl(), query);
  const rows = answer.rows.slice(0, rowsMax);
  process.stdout.write(`${json ? asJson(answer, rows) : asTable(answer, rows)}\n`);
  if (answer.rows.length > rowsMax) process.stderr.write(`only the first ${rowsMax} rows are shown; add a limit\n`);
}

async function readFinanceUrl(): Promise<string> {
  const { stateDir } = readLauncherConfig();
  const file = join(stateDir, "dev.env");
  const text = await readFile(file, "utf8").catch(() => undefined);
  const url = text === undefined ? undefined : parseEnv(text).FINANCE_DATABASE_URL;
  if (url === undefined)
    throw new PlainError(`no stack is running here (there is no ${file}); start one with: npm start`);
  return url;
}

function connect(url: string) {
  return connectOnce(url, "waybill-sql").catch((error: unknown) => {
    throw new PlainError(`the database of the stack does not answer (${describe(error)}); is npm start still running?`);
  });
}

async function writeCsv(url: string, query: string): Promise<void> {
  const client = await connect(url);
  try {
    await copyCsv(client, query, process.stdout);
  } catch (error) {
    throw new PlainError(explain(error));
  } finally {
    await client.end();
  }
}

async function ask(url: string, query: string): Promise<Answer> {
  const client = await connect(url);
  try {
    // A cursor reads no more rows than are shown; only queries that return rows by nature can have one.
    const returnsRows = /^(select|with|values|table)\b/i.test(query);
    if (!returnsRows) return await runText(query);
    await client.query("BEGIN READ ONLY");
    await client.query(`DECLARE answer CURSOR FOR ${query}`);
    return await runText(`FETCH ${rowsMax + 1} FROM answer`);
  } catch (error) {
    throw new PlainError(explain(error));
  } finally {
    await client.end();
  }

  /** Every value as Postgres writes it, so that no number is rounded on the way. */
  async function runText(text: string): Promise<Answer> {
    const types = { getTypeParser: () => (value: string) => value };
    const result = await client.query<(string | null)[]>({ text, rowMode: "array", types });
    return { fields: result.fields, rows: result.rows };
  }
}

function asTable({ fields }: Answer, rows: Answer["rows"]): string {
  const columns = fields.map(({ name, dataTypeID }) => ({
    name,
    align: numberTypes.has(dataTypeID) ? ("right" as const) : ("left" as const),
  }));
  return `${renderTable(columns, rows)}\n(${rows.length} ${rows.length === 1 ? "row" : "rows"})`;
}

function asJson({ fields }: Answer, rows: Answer["rows"]): string {
  const objects = rows.map((row) =>
    Object.fromEntries(fields.map(({ name, dataTypeID }, index) => [name, jsonValue(row[index] ?? null, dataTypeID)])),
  );
  return JSON.stringify(objects, undefined, 2);
}

/** Whole numbers that JSON can carry become numbers; other numbers stay text, exact to the last digit. */
function jsonValue(text: string | null, type: number): string | number | boolean | null {
  if (text === null) return null;
  if (type === booleanType) return text === "t";
  const number = Number(text);
  return exactInJson.has(type) && Number.isSafeInteger(number) ? number : text;
}

function explain(error: unknown): string {
  const reason = describe(error);
  switch (sqlState(error)) {
    case "42501":
      return `${reason}; finance_reader sees the views of the schema finance only, e.g. finance.cost_by_team_day.`;
    case "25006":
      return `${reason}; finance_reader only reads.`;
    case "57014":
      return `the query took longer than a minute and was ended; ask for less.`;
    default:
      return reason;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
