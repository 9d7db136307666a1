// budgets export: every budget as a file that can be applied.
import type { Command } from "commander";
import { allBudgets } from "../../api/budgets.ts";
import { formatBudgets } from "../../files/budgets-file.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addBudgetsExport(budgets: Command): void {
  addVerb(
    budgets,
    "export",
    "every budget as YAML that `budgets apply` takes; raises and standings are not in it",
    "budgets export > budgets.yaml",
  ).action(async (_options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await allBudgets(api);
    const text = formatBudgets(found);
    print({ text, budgets: found.map(({ id }) => id) }, () => text.trimEnd());
  });
}
