// budgets verify: whether every counter is what it is made of.
import type { Command } from "commander";
import { Ending, EXIT } from "../../exit-codes.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Verified {
  windows: number;
  attempts: number;
  differenceCount: number;
  differences: {
    budgetId: string;
    windowId: string;
    windowStartsAt: string;
    what: string;
    attemptId: string | null;
    unit: string;
    found: string;
    expected: string;
  }[];
}

export function addBudgetsVerify(budgets: Command): void {
  addVerb(
    budgets,
    "verify [id]",
    "recompute what is posted, held and granted from the records, and print what differs; ends with 3 when something does",
    "budgets verify",
    "budgets verify support-month",
  ).action(async (id: string | undefined, _options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.post<Verified>("/budgets/verify", id === undefined ? {} : { budget: id });
    const { windows, attempts, differenceCount, differences } = found;
    const checked = `${windows} windows and ${attempts} attempts`;
    print(found, () => {
      if (differenceCount === 0) return `no differences in ${checked}`;
      const rows = differences.map(({ budgetId, windowStartsAt, what, attemptId, unit, ...amounts }) => [
        ...[budgetId, windowStartsAt, what, amounts.found, amounts.expected, unit, attemptId ?? ""],
      ]);
      const table = formatTable(["budget", "window from", "what", "found", "expected", "unit", "attempt"], rows);
      return `${table}\n${differenceCount} differences in ${checked}`;
    });
    if (differenceCount > 0) throw new Ending("", EXIT.differences);
  });
}
