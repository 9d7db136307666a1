// decisions list: where requests went, and which were refused.
import type { Command } from "commander";
import { newestDecisions } from "../../api/pages.ts";
import type { Decision } from "../../api/shapes.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { spanMs, wholeNumber } from "../option-values.ts";

interface ListOptions {
  route?: string;
  team?: string;
  model?: string;
  refusal?: string;
  since?: number;
  limit: number;
}

const LINES = 50;
const LINES_MAX = 100_000;

export function addDecisionsList(decisions: Command): void {
  addVerb(
    decisions,
    "list",
    "recorded decisions, newest first; every condition must hold",
    "decisions list --route support --since 1h",
    "decisions list --refusal any --limit 10",
  )
    .option("--route <name>", "of this route")
    .option("--team <id>", "of this team")
    .option("--model <provider/model>", "that went to this model")
    .option("--refusal <code>", "refused with this code, or `any`")
    .option("--since <span>", "of the last 90m, 24h or 7d", spanMs)
    .option("--limit <number>", "most lines", wholeNumber(1, LINES_MAX), LINES)
    .action(async ({ since, limit, ...filter }: ListOptions, command: Command) => {
      const { api, print } = contextOf(command);
      const from = since === undefined ? undefined : new Date(Date.now() - since).toISOString();
      const found = await newestDecisions(api, { ...filter, from }, limit);
      print({ decisions: found }, () =>
        formatTable(["when", "request", "attempt", "team", "asked for", "went to", "USD"], found.map(rowOf)),
      );
    });
}

function rowOf({ decidedAt, requestId, attempt, caller, features, explanation, cost }: Decision): string[] {
  return [
    decidedAt,
    requestId,
    String(attempt),
    caller.teamId,
    features.model,
    explanation.model ?? `refused: ${explanation.refusal?.code ?? "unknown"}`,
    cost === null ? "-" : (cost.costUsd ?? "unknown"),
  ];
}
