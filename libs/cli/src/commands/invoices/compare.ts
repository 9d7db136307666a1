// invoices compare: what was invoiced beside what is booked, with the likely cause of each difference.
import type { Command } from "commander";
import type { Comparison } from "../../api/invoices.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";
import { addPeriodOptions, type PeriodOptions } from "./period-options.ts";

interface Options extends PeriodOptions {
  all?: true;
  limit: number;
}

const LINES = 100;
const LINES_MAX = 1_000;

export function addCompare(invoices: Command): void {
  addPeriodOptions(
    addVerb(
      invoices,
      "compare",
      "what was invoiced beside what is booked, with the likely cause of each difference; ends with 3 when something differs",
      "invoices compare --provider openai --from 2026-10-01 --until 2026-10-31",
      "invoices compare --provider openai --from 2026-10-01 --until 2026-10-31 --cause price --json",
    ),
  )
    .option("--all", "also what agrees")
    .option("--limit <number>", "most rows", wholeNumber(1, LINES_MAX), LINES)
    .action(async ({ provider, from, until, cause = [], all, limit }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const asked = { provider, from, until, cause: cause.join(","), all: all ? "true" : "false", limit };
      const found = await api.get<Comparison>("/reconciliation", asked);
      print(found, () => comparisonText(found, { provider, from, until, cause }));
      if (found.byCause.some((sum) => sum.cause !== null)) throw new Ending("", EXIT.differences);
    });
}

function comparisonText(found: Comparison, { provider, from, until, cause = [] }: PeriodOptions): string {
  if (found.total.rows === 0) return `nothing differs for ${provider} from ${from} until ${until}`;
  const rest = found.more ? "\nThere are more rows; --limit shows more of them." : "";
  const causes = cause.length === 0 ? "" : ` --cause ${cause.join(",")}`;
  const approve =
    found.total.differenceUsd === "0" && !found.rows.some(({ differenceUsd }) => Number(differenceUsd) !== 0)
      ? ""
      : `\nto approve: waybill invoices approve --provider ${provider} --from ${from} --until ${until}${causes} --difference ${found.total.differenceUsd} --reason "…"`;
  return `${rowTable(found)}${rest}\n\n${sumTable(found)}${approve}`;
}

function rowTable({ rows }: Comparison): string {
  return formatTable(
    ["day", "account", "model", "invoiced USD", "booked USD", "trued up", "difference", "likely cause", ""],
    rows.map((row) => [
      ...[row.day, row.account ?? "-", row.model ?? "-", row.invoicedUsd ?? "-", row.bookedUsd, row.truedUpUsd],
      ...[row.differenceUsd ?? "-", row.cause ?? "", row.explanation ?? ""],
    ]),
  );
}

function sumTable({ byCause, total }: Comparison): string {
  return formatTable(
    ["likely cause", "rows", "invoiced USD", "booked USD", "trued up", "difference"],
    [...byCause, { ...total, cause: "total" }].map(({ cause, rows, ...sums }) => [
      ...[cause ?? "(agrees)", String(rows), sums.invoicedUsd, sums.bookedUsd, sums.truedUpUsd, sums.differenceUsd],
    ]),
  );
}
