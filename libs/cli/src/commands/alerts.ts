// waybill alerts: thresholds that budgets have reached, and spend that looks wrong.
import type { Command } from "commander";
import type { Alert } from "../api/alerts.ts";
import { newest } from "../api/pages.ts";
import { formatTable } from "../print/table.ts";
import { addVerb } from "./add-verb.ts";
import { contextOf } from "./context.ts";
import { wholeNumber } from "./option-values.ts";

interface Options {
  budget?: string;
  kind?: string;
  limit: number;
}

const LINES = 50;
const LINES_MAX = 100_000;

export function addAlerts(program: Command): void {
  addVerb(
    program,
    "alerts",
    "thresholds that budgets have reached, and spend that looks wrong; newest first",
    "alerts --budget support-month",
    "alerts --kind runaway --limit 10",
  )
    .option("--budget <id>", "of this budget")
    .option("--kind <kind>", "threshold, projected, burn_anomalous, over_hold, runaway, price_unknown or test")
    .option("--limit <number>", "most lines", wholeNumber(1, LINES_MAX), LINES)
    .action(async ({ limit, ...filter }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const alerts = await newest<Alert>(api, "/alerts", "alerts", { ...filter }, limit);
      print({ alerts }, () => formatTable(["when", "kind", "budget", "what"], alerts.map(rowOf)));
    });
}

function rowOf({ at, kind, budgetId, summary }: Alert): string[] {
  return [at, kind, budgetId ?? "-", summary];
}
