// budgets delete: a budget binds nobody any more.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addBudgetsDelete(budgets: Command): void {
  addVerb(
    budgets,
    "delete <id>",
    "let a budget bind nobody any more, within a second",
    'budgets delete trial --reason "the trial is over"',
  )
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete(pathOf("budgets", id), { reason }), () => `${id} is gone`);
    });
}
