// budgets raise: more than the limit, for a time.
import { type Command, InvalidArgumentError } from "commander";
import type { Budget, SavedBudget } from "../../api/budgets.ts";
import { pathOf } from "../../api/client.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { spanMs } from "../option-values.ts";
import { amount } from "./budget-options.ts";

interface RaiseOptions {
  by?: { limit: string; unit: string };
  until?: string;
  for?: number;
  end?: boolean;
  reason: string;
}

export function addBudgetsRaise(budgets: Command): void {
  addVerb(
    budgets,
    "raise <id>",
    "raise a budget's limit for a time; it ends by itself",
    'budgets raise support-month --by 100usd --for 24h --reason "the launch"',
    'budgets raise support-month --end --reason "the launch is over"',
  )
    .option("--by <amount>", "how much more, in the budget's unit, like 100usd", amount)
    .option("--until <time>", "until when, ISO 8601", moment)
    .option("--for <span>", "for how long from now, like 90m, 24h or 7d", spanMs)
    .option("--end", "end the raise that there is")
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (id: string, { by, until, for: lastsMs, end = false, reason }: RaiseOptions, command: Command) => {
      if (end === (by !== undefined)) throw new Ending("say either --by <amount> or --end", EXIT.usage);
      if (by && (until === undefined) === (lastsMs === undefined)) {
        throw new Ending("say until when: either --until <time> or --for <span>", EXIT.usage);
      }
      const { api, print } = contextOf(command);
      const { unit } = await api.get<Budget>(pathOf("budgets", id));
      if (by && by.unit !== unit) throw new Ending(`${id} counts ${unit}: say --by ${by.limit}${unit}`, EXIT.usage);
      const body = by
        ? { by: by.limit, until: until ?? new Date(Date.now() + (lastsMs ?? 0)).toISOString(), reason }
        : { by: "0", reason };
      const saved = await api.post<SavedBudget>(pathOf("budgets", id, "raise"), body);
      const { raise } = saved.budget;
      print(saved, () =>
        raise ? `${id} is raised by ${raise.by} until ${raise.until}` : `${id} is not raised any more`,
      );
    });
}

function moment(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new InvalidArgumentError("It must be like 2027-01-31T12:00:00Z.");
  }
  return new Date(text).toISOString();
}
