// budgets list: limits and what is left of them.
import type { Command } from "commander";
import { allBudgets } from "../../api/budgets.ts";
import { budgetTable } from "../../print/budget-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addBudgetsList(budgets: Command): void {
  addVerb(budgets, "list", "every budget and what is left of it", "budgets list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await allBudgets(api);
      print({ budgets: found }, () => budgetTable(found));
    },
  );
}
