// invoices show: an invoice with its lines, as its file has them.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { InvoiceWithLines } from "../../api/invoices.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";
import { invoiceTable } from "./list.ts";

const LINES = 50;
const LINES_MAX = 1_000;

export function addShow(invoices: Command): void {
  addVerb(
    invoices,
    "show <id>",
    "an invoice with its lines, as its file has them",
    "invoices show 0b6f1c1e-6a8e-4a57-9a39-5e0f6a3f9d10 --after 50",
  )
    .option("--after <number>", "lines behind this one", wholeNumber(0, 2_147_483_647), 0)
    .option("--limit <number>", "most lines", wholeNumber(1, LINES_MAX), LINES)
    .action(async (id: string, { after, limit }: { after: number; limit: number }, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<InvoiceWithLines>(pathOf("invoices", id), { after, limit });
      print(found, () => {
        const more = found.more ? `\nThere are more; --after ${found.lines.at(-1)?.number ?? after} shows them.` : "";
        return `${invoiceTable([found.invoice])}\n\n${lineTable(found)}${more}`;
      });
    });
}

function lineTable({ lines }: InvoiceWithLines): string {
  return formatTable(
    ["line", "day", "account", "model", "kind", "charge", "quantity", "USD"],
    lines.map(({ fileLine, day, account, model, kind, charge, quantity, amountUsd }) => [
      ...[String(fileLine), day, account ?? "-", model ?? "-", kind, charge, quantity ?? "-", amountUsd ?? "-"],
    ]),
  );
}
