// focus: the books as FOCUS files.
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { Ending, EXIT } from "../../exit-codes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Options {
  month: string;
  out: string;
  format?: "csv" | "parquet";
  aiColumns?: true;
}

export function addFocus(program: Command): void {
  const focus = program
    .command("focus")
    .description("the books as FOCUS 1.4, for a tool that reads the bills of clouds");
  addVerb(
    focus,
    "export",
    "write a month as FOCUS 1.4 Cost and Usage, as CSV or Parquet",
    "focus export --month 2026-11 --out focus.parquet",
    "focus export --month 2026-11 --out focus.csv --ai-columns",
  )
    .requiredOption("--month <month>", "the accounting month, like 2026-11", month)
    .requiredOption("--out <file>", "where to; its ending says which format, unless --format does")
    .addOption(new Option("--format <format>", "csv or parquet").choices(["csv", "parquet"]))
    .option("--ai-columns", "with columns for tokens by the draft of FOCUS 1.5 (x_ModelId, x_TokenCacheAction, …)")
    .action(async ({ month: of, out, format: said, aiColumns }: Options, command: Command) => {
      const format = said ?? formatOf(out);
      if (format === undefined) {
        throw new Ending("say --format csv or parquet, or let --out end in one of them", EXIT.usage);
      }
      const { api, print } = contextOf(command);
      const content = await api.file("/focus", { month: of, format, ...(aiColumns && { aiColumns: "true" }) });
      const bytes = await write(content, out);
      print({ month: of, format, file: out, bytes }, () => `${out}: ${bytes} bytes of ${format} for ${of}`);
    });
}

/** Under another name until it is whole. */
async function write(content: AsyncIterable<Uint8Array>, out: string): Promise<number> {
  const part = `${out}.part`;
  const file = createWriteStream(part);
  try {
    await pipeline(Readable.from(content), file);
    await rename(part, out);
  } catch (error) {
    await rm(part, { force: true });
    throw new Ending(`${out} was not written: ${error instanceof Error ? error.message : String(error)}`, EXIT.failed);
  }
  return file.bytesWritten;
}

function formatOf(file: string): "csv" | "parquet" | undefined {
  if (file.endsWith(".csv")) return "csv";
  return file.endsWith(".parquet") ? "parquet" : undefined;
}

function month(text: string): string {
  if (/^20\d\d-(0[1-9]|1[0-2])$/.test(text)) return text;
  throw new InvalidArgumentError("It must be like 2026-11.");
}
