// waybill spend: what was spent, by anything.
import type { Command } from "commander";
import type { Spend, SpendSums } from "../api/books.ts";
import { formatTable } from "../print/table.ts";
import { addVerb } from "./add-verb.ts";
import { contextOf } from "./context.ts";
import { collectNames, collectPair, spanMs, wholeNumber } from "./option-values.ts";

interface Options {
  by?: string[];
  last: number;
  where: Record<string, string>;
  simulated?: true;
  limit: number;
}

const DAY_MS = 86_400_000;
const LINES = 50;
const LINES_MAX = 1_000;

export function addSpend(program: Command): void {
  addVerb(
    program,
    "spend",
    "what was spent, the dearest first; from sums by hour, so whole hours",
    "spend --by team --last 24h",
    "spend --by day,model --last 30d --where team=support",
    "spend --by key --json",
  )
    .option(
      "--by <fields>",
      "up to four of organisation, team, cost_centre, user, key, environment, route, provider, account, model, outcome, hour, day, month",
      collectNames,
    )
    .option("--last <span>", "of the last 24h or 7d, in whole hours", spanMs, DAY_MS)
    .option("--where <field=id>", "only this; may be repeated", collectPair, {})
    .option("--simulated", "what the simulator answered, instead of what costs money")
    .option("--limit <number>", "most lines", wholeNumber(1, LINES_MAX), LINES)
    .action(async ({ by = ["team"], last, where, simulated, limit }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const from = new Date(Date.now() - last).toISOString();
      const only = simulated ? { simulated: "true" } : {};
      const found = await api.get<Spend>("/spend", { by: by.join(","), from, ...where, ...only, limit });
      print(found, () => spendText(found));
    });
}

function spendText({ by, rows, total, more, from, until }: Spend): string {
  const lines = rows.map(({ group, names, ...sums }) => [
    ...by.map((field) => names[field] ?? group[field] ?? "(none)"),
    ...cells(sums),
  ]);
  const all = [...by.map((_, index) => (index === 0 ? "total" : "")), ...cells(total)];
  const table = formatTable([...by, ...HEADINGS], [...lines, all]);
  const rest = more ? "\nThere are more; --limit shows more of them." : "";
  return `${table}\nfrom ${from} until ${until}${rest}`;
}

const HEADINGS = [
  "requests",
  "attempts",
  "failed",
  "input",
  "cached",
  "output",
  "ms",
  "USD",
  "of it wasted",
  "without price",
];

function cells(sums: SpendSums): string[] {
  return [
    ...[sums.requests, sums.attempts, sums.failedAttempts, sums.inputTokens, sums.cachedInputTokens].map(String),
    ...[String(sums.outputTokens), sums.averageMs === null ? "-" : String(sums.averageMs)],
    ...[sums.costUsd, sums.wastedCostUsd, String(sums.unpricedAttempts)],
  ];
}
