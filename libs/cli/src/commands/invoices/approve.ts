// invoices approve: differences become true-ups, each in a month of the books that is open.
import { type Command, InvalidArgumentError } from "commander";
import type { Approved } from "../../api/invoices.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { addPeriodOptions, type PeriodOptions } from "./period-options.ts";

interface Options extends PeriodOptions {
  difference: string;
  reason: string;
}

export function addApprove(invoices: Command): void {
  addPeriodOptions(
    addVerb(
      invoices,
      "approve",
      "approve differences as true-ups, each in a month that is open; closed months never change",
      'invoices approve --provider openai --from 2026-10-01 --until 2026-10-31 --difference 12.5 --reason "invoice 4711"',
    ),
  )
    .requiredOption("--difference <usd>", "the sum that compare showed; refused where it is another by now", usdText)
    .requiredOption("--reason <text>", "why; stands beside the approval")
    .action(async ({ cause = [], difference, ...rest }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const body = { ...rest, causes: cause, differenceUsd: difference };
      const found = await api.post<Approved>("/true-ups", body);
      print(found, () => `${trueUpTable(found)}\napproval ${found.approvalId}: ${found.amountUsd} USD`);
    });
}

function usdText(text: string): string {
  if (!/^-?\d{1,30}(\.\d{1,12})?$/.test(text)) throw new InvalidArgumentError("It must be USD like 12.5 or -0.25.");
  return text;
}

function trueUpTable({ trueUps }: Approved): string {
  return formatTable(
    ["day", "account", "model", "cause", "USD", "booked in"],
    trueUps.map(({ day, account, model, cause, amountUsd, accountingMonth }) => [
      ...[day, account ?? "-", model ?? "-", cause ?? "", amountUsd, accountingMonth],
    ]),
  );
}
