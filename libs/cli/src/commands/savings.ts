// waybill savings: what a month cost beside what its baselines would have cost, and what has to be said with it.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Savings, SavingsSums } from "../api/savings.ts";
import { formatTable } from "../print/table.ts";
import { addVerb } from "./add-verb.ts";
import { contextOf } from "./context.ts";

interface Options {
  month?: string;
  by: string;
  simulated?: true;
}

export function addSavings(program: Command): void {
  addVerb(
    program,
    "savings",
    "what a month cost beside what the declared baseline would have cost",
    "savings --month 2026-11",
    "savings --month 2026-11 --by team --json",
  )
    .option("--month <month>", "the accounting month; this one, unless it is said", month)
    .addOption(
      new Option("--by <field>", "a line for each")
        .choices(["organisation", "team", "route", "model", "baseline", "day"])
        .default("route"),
    )
    .option("--simulated", "what the simulator answered, instead of what costs money")
    .action(async ({ month: asked, by, simulated }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const only = simulated ? { simulated: "true" } : {};
      const found = await api.get<Savings>("/savings", { month: asked ?? thisMonth(), by, ...only });
      print(found, () => savingsText(found));
    });
}

function month(text: string): string {
  if (/^20\d\d-(0[1-9]|1[0-2])$/.test(text)) return text;
  throw new InvalidArgumentError("It must be like 2026-11.");
}

function thisMonth(): string {
  return new Date().toISOString().slice(0, 7);
}

function savingsText({ month: of, closed, by, baselines, rows, total, more, notes }: Savings): string {
  const against = baselines.length === 0 ? "no baseline" : baselines.join(", ");
  const lines = rows.map(({ value, name, ...sums }) => [name ?? value ?? "(none)", ...cells(sums)]);
  const apart = [
    ...(total.keptAnswers === 0 ? [] : [`${total.keptAnswers} kept answers were given again without a call`]),
    ...total.notCompared.map(
      ({ why, attempts, costUsd }) => `${attempts} attempts, ${costUsd ?? "unknown"} USD: ${REASONS[why] ?? why}`,
    ),
  ];
  return [
    `${of} (${closed ? "closed" : "open"}), compared with ${against}`,
    formatTable([by, ...HEADINGS], [...lines, ["total", ...cells(total)]]),
    ...(more ? ["There are more lines; ask by another field."] : []),
    ...(apart.length === 0 ? [] : ["", "Not compared:", ...apart.map((line) => `- ${line}`)]),
    "",
    ...notes.map((note) => `- ${note}`),
  ].join("\n");
}

const REASONS: Readonly<Record<string, string>> = {
  direct: "a model was asked for directly, so nothing was chosen",
  unpriced: "what they cost is unknown",
  unmeasured: "their tokens are unknown; booked is the worst case",
  no_baseline: "no baseline was declared for them",
  no_baseline_price: "the baseline's price was not known on that day",
};

const HEADINGS = ["answers", "cost USD", "of it failed", "baseline USD", "saved USD", "saved", "quality"];

function cells(sums: SavingsSums): string[] {
  const { answers, costUsd, failedCostUsd, baselineCostUsd, savedUsd, savedShare, quality } = sums;
  return [
    ...[String(answers), costUsd ?? "-", failedCostUsd, baselineCostUsd ?? "-", savedUsd ?? "-"],
    savedShare === null ? "-" : `${(savedShare * 100).toFixed(1)} %`,
    quality === null ? "unknown" : quality.toFixed(3),
  ];
}
