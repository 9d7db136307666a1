// invoices list: what was imported, the latest first.
import type { Command } from "commander";
import type { Invoice } from "../../api/invoices.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";

const LINES = 50;
const LINES_MAX = 1_000;

export function addList(invoices: Command): void {
  addVerb(
    invoices,
    "list",
    "what was imported, the latest first; superseded ones, too",
    "invoices list --provider openai",
  )
    .option("--provider <id>", "of this one only")
    .option("--limit <number>", "most invoices", wholeNumber(1, LINES_MAX), LINES)
    .action(async ({ provider, limit }: { provider?: string; limit: number }, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ invoices: Invoice[] }>("/invoices", { provider, limit });
      print(found, () => invoiceTable(found.invoices));
    });
}

export function invoiceTable(invoices: readonly Invoice[]): string {
  return formatTable(
    ["id", "provider", "format", "from", "until", "lines", "usage USD", "credits", "tax", "imported", ""],
    invoices.map((invoice) => [
      ...[invoice.id, invoice.provider, invoice.format, invoice.from, invoice.until, String(invoice.lines)],
      ...(invoice.hasAmounts ? [invoice.usageUsd, invoice.creditUsd, invoice.taxUsd] : ["-", "-", "-"]),
      `${invoice.importedAt.slice(0, 10)} by ${invoice.importedBy}`,
      invoice.supersededBy === null ? "" : `superseded by ${invoice.supersededBy}`,
    ]),
  );
}
