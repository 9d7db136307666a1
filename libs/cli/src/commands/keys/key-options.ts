// What may be said of a key, when it is made and when it is changed.
import type { Command } from "commander";
import { given } from "../add-changes.ts";
import { collectNames, collectPair, momentOrNever, wholeNumber } from "../option-values.ts";

export interface KeyOptions {
  name?: string;
  expires?: string | null;
  model?: string[];
  route?: string[];
  surface?: string[];
  maxOutputTokens?: number;
  metadata?: Record<string, string>;
  tag?: Record<string, string>;
  any?: string[];
  reason: string;
}

const OUTPUT_TOKENS_MAX = 100_000_000;

export function withKeyOptions(command: Command): Command {
  return command
    .option("--expires <moment>", "like 2027-01-31 or 2027-01-31T12:00:00Z; never: it does not", momentOrNever)
    .option("--model <names>", "a model it may use; may be repeated", collectNames)
    .option("--route <names>", "a route it may ask for, without dynamic/, or auto; may be repeated", collectNames)
    .option("--surface <names>", "a surface it may be used on, like openai-chat; may be repeated", collectNames)
    .option(
      "--max-output-tokens <number>",
      "most output tokens of a request that says no limit itself; 0: no default",
      wholeNumber(0, OUTPUT_TOKENS_MAX),
    )
    .option("--metadata <name=value>", "added to every request; may be repeated", collectPair)
    .option("--tag <name=value>", "of every request, for budgets and the books; may be repeated", collectPair);
}

/** As the API takes it; what was not said is left out. */
export function keyFields(options: KeyOptions): Record<string, unknown> {
  const { name, expires, model, route, surface, maxOutputTokens, metadata, tag, any = [], reason } = options;
  return given({
    name,
    expiresAt: expires,
    allowedModels: any.includes("model") ? [] : model,
    allowedRoutes: any.includes("route") ? [] : route,
    allowedSurfaces: any.includes("surface") ? [] : surface,
    maxOutputTokensDefault: maxOutputTokens === 0 ? null : maxOutputTokens,
    metadata,
    tags: tag,
    reason,
  });
}
