// budgets: every verb.
import type { Command } from "commander";
import { addBudgetsApply } from "./apply.ts";
import { addBudgetsCreate } from "./create.ts";
import { addBudgetsDelete } from "./delete.ts";
import { addBudgetsExport } from "./export.ts";
import { addBudgetsList } from "./list.ts";
import { addBudgetsRaise } from "./raise.ts";
import { addBudgetsShow } from "./show.ts";
import { addBudgetsUpdate } from "./update.ts";
import { addBudgetsVerify } from "./verify.ts";

export function addBudgets(program: Command): void {
  const budgets = program.command("budgets").description("budgets: limits of money, tokens or requests");
  addBudgetsList(budgets);
  addBudgetsShow(budgets);
  addBudgetsCreate(budgets);
  addBudgetsUpdate(budgets);
  addBudgetsDelete(budgets);
  addBudgetsRaise(budgets);
  addBudgetsVerify(budgets);
  addBudgetsApply(budgets);
  addBudgetsExport(budgets);
}
