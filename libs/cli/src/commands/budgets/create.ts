// budgets create: a limit that binds within a second.
import type { Command } from "commander";
import type { SavedBudget } from "../../api/budgets.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { type BudgetOptions, fieldsFrom, withBudgetOptions } from "./budget-options.ts";
import { savedText } from "./saved-text.ts";

export function addBudgetsCreate(budgets: Command): void {
  const verb = addVerb(
    budgets,
    "create <id>",
    "a budget on whatever matches all that is given; it binds within a second",
    "budgets create support-month --organisation acme --team support --limit 500usd --window month",
    "budgets create each-user-day --organisation acme --per user --limit 1000000tokens --window day --alerts 80,100",
    "budgets create trial --organisation acme --key 5f0c2a91 --limit 1000requests --window rolling:24h",
  );
  withBudgetOptions(verb).action(async (id: string, options: BudgetOptions, command: Command) => {
    if (!options.limit) throw new Ending("say how much: --limit 500usd", EXIT.usage);
    const { api, print } = contextOf(command);
    const { reason, allowUnreachable = false, dryRun = false } = options;
    const fields = fieldsFrom(options, { name: id, window: { kind: "month" } });
    const saved = await api.post<SavedBudget>("/budgets", { id, ...fields, reason, allowUnreachable, dryRun });
    print(saved, () => savedText(saved));
  });
}
