// baselines show: the one that holds, with the prices it was declared with.
import type { Command } from "commander";
import type { Baseline } from "../../api/savings.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { baselineText } from "../../print/baseline-text.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { versionNumber } from "../option-values.ts";

export function addBaselinesShow(baselines: Command): void {
  addVerb(
    baselines,
    "show",
    "a baseline with its prices: the one that holds, or a version of before",
    "baselines show",
    "baselines show --route support --version 1",
  )
    .option("--route <name>", "of this route; without it, of all routes that have none of their own")
    .option("--version <number>", "this version instead of the one that holds", versionNumber)
    .action(async ({ route, version }: { route?: string; version?: number }, command: Command) => {
      const { api, print } = contextOf(command);
      const { baselines: all } = await api.get<{ baselines: Baseline[] }>("/baselines");
      const ofScope = all.filter((one) => one.route === (route ?? null));
      const found = ofScope.filter((one) => (version === undefined ? one.holds : one.version === version));
      if (found.length === 0)
        throw new Ending("there is no such baseline; `waybill baselines list` shows all", EXIT.failed);
      print(found, () => found.map(detailOf).join("\n\n"));
    });
}

function detailOf(baseline: Baseline): string {
  const { rates, unpricedModels, changedPrices, declaredAt, declaredBy, reason, from } = baseline;
  const lines = [
    `${baselineText(baseline)} from ${from} on`,
    `declared ${declaredAt} by ${declaredBy ?? "?"}: ${reason === "" ? "(no reason)" : reason}`,
    ...unpricedModels.map((model) => `${model} had no price and is compared with nothing`),
    ...changedPrices.map(
      (model) => `the price of ${model} has changed since; declare it again to compare with the new one`,
    ),
  ];
  const rows = rates.map((rate) => [
    ...[rate.model, rate.fromDay ?? "ever", rate.untilDay ?? "-", String(rate.aboveInputTokens), rate.input],
    ...[rate.cachedInput, rate.cacheWrite5m, rate.cacheWrite1h, rate.output, rate.reasoningOutput, rate.perRequest],
  ]);
  return rows.length === 0 ? lines.join("\n") : `${lines.join("\n")}\n${formatTable(HEADINGS, rows)}`;
}

const HEADINGS = [
  ...["USD per million of", "from", "until", "above", "input", "cached", "write 5m", "write 1h", "output", "reasoning"],
  "a request",
];
