// invoices import: a provider's invoice or usage export is taken in, all of it or nothing.
import { basename } from "node:path";
import { type Command, Option } from "commander";
import type { Invoice } from "../../api/invoices.ts";
import { readText } from "../../files/route-files.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { collectNames } from "../option-values.ts";
import { invoiceTable } from "./list.ts";

interface Options {
  provider: string;
  format: string;
  account?: string;
  supersede?: string[];
  reason: string;
}

export function addImport(invoices: Command): void {
  addVerb(
    invoices,
    "import <file>",
    "take in a provider's invoice or usage export, all of it or nothing; the same file twice is one",
    "invoices import openai-costs.csv --provider openai --format openai",
    "invoices import bedrock.csv --provider bedrock --format aws-cur --supersede 0b6f1c1e-6a8e-4a57-9a39-5e0f6a3f9d10",
  )
    .requiredOption("--provider <id>", "the provider as waybill.yaml names it")
    .addOption(
      new Option("--format <format>", "whose export it is; focus is that of any vendor")
        .choices(["openai", "anthropic", "aws-cur", "azure", "google", "focus"])
        .makeOptionMandatory(),
    )
    .option("--account <id>", "every account that the file names is this one on the books")
    .option("--supersede <ids>", "invoices whose place this one takes; with commas, or repeated", collectNames)
    .option("--reason <text>", "why; stands beside the invoice", "")
    .action(async (path: string, { supersede = [], ...options }: Options, command: Command) => {
      const { api, print, note } = contextOf(command);
      const text = await readText(path);
      const body = { ...options, fileName: basename(path), text, supersedes: supersede };
      const found = await api.post<{ invoice: Invoice; wasThere: boolean }>("/invoices", body);
      if (found.wasThere) note("this very file was imported before; nothing was done");
      print(found, () => `${invoiceTable([found.invoice])}\n${notes(found.invoice)}`);
    });
}

function notes({ provider, from, until, leftOutRows, roundedAmounts, hasAmounts }: Invoice): string {
  return [
    ...(leftOutRows > 0 ? [`${leftOutRows} rows of other services were left out`] : []),
    ...(roundedAmounts > 0 ? [`${roundedAmounts} amounts have digits below a pico-dollar and were rounded`] : []),
    ...(hasAmounts ? [] : ["it says how much was used, but not what was paid"]),
    `next: waybill invoices compare --provider ${provider} --from ${from} --until ${until}`,
  ].join("\n");
}
