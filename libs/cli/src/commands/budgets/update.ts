// budgets update: what is asked for changes, the rest stays.
import type { Command } from "commander";
import { type Budget, fieldsOf, type SavedBudget } from "../../api/budgets.ts";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { type BudgetOptions, fieldsFrom, withBudgetOptions } from "./budget-options.ts";
import { savedText } from "./saved-text.ts";

export function addBudgetsUpdate(budgets: Command): void {
  const verb = addVerb(
    budgets,
    "update <id>",
    "change what is given of a budget; what it has counted stays counted",
    'budgets update support-month --limit 750usd --reason "two more people"',
  );
  withBudgetOptions(verb).action(async (id: string, options: BudgetOptions, command: Command) => {
    const { api, print } = contextOf(command);
    const { reason, allowUnreachable = false, dryRun = false } = options;
    const fields = fieldsFrom(options, fieldsOf(await api.get<Budget>(pathOf("budgets", id))));
    const body = { ...fields, reason, allowUnreachable, dryRun };
    const saved = await api.put<SavedBudget>(pathOf("budgets", id), body);
    print(saved, () => savedText(saved));
  });
}
