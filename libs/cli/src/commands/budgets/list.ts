// budgets list: limits and what is left of them.
import type { Command } from "commander";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Budget {
  id: string;
  name: string;
  limitUsd: string;
  enforcement: string;
  window: { kind: string };
  standing: { spentUsd: string; heldUsd: string; remainingUsd: string } | null;
}

export function addBudgetsList(budgets: Command): void {
  addVerb(budgets, "list", "every budget and what is left of it", "budgets list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ budgets: Budget[] }>("/budgets");
      print(found, () =>
        formatTable(
          ["budget", "name", "limit USD", "window", "kind", "spent", "held", "left"],
          found.budgets.map(({ id, name, limitUsd, enforcement, window, standing }) => [
            id,
            name,
            limitUsd,
            window.kind,
            enforcement,
            standing?.spentUsd ?? "-",
            standing?.heldUsd ?? "-",
            standing?.remainingUsd ?? "-",
          ]),
        ),
      );
    },
  );
}
