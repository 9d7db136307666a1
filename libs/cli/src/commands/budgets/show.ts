// budgets show: everything one budget says, and how it stands.
import type { Command } from "commander";
import type { Budget } from "../../api/budgets.ts";
import { pathOf } from "../../api/client.ts";
import { budgetLines } from "../../print/budget-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addBudgetsShow(budgets: Command): void {
  addVerb(budgets, "show <id>", "everything a budget says, and how it stands", "budgets show support-month").action(
    async (id: string, _options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<Budget>(pathOf("budgets", id));
      print(found, () => budgetLines(found));
    },
  );
}
