// rate-limits create: a limit that binds within a second.
import type { Command } from "commander";
import type { SavedRateLimit } from "../../api/rate-limits.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { addVerb } from "../add-verb.ts";
import { perFrom, type ScopeOptions, scopeFrom, withScopeOptions } from "../budgets/budget-options.ts";
import { contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";

interface Options extends ScopeOptions {
  requests?: number;
  tokens?: number;
  seconds: number;
  burst?: number;
  reason: string;
  dryRun?: boolean;
}

const COUNT_MAX = 1_000_000_000;
const SECONDS_MAX = 86_400;

export function addRateLimitsCreate(limits: Command): void {
  const verb = addVerb(
    limits,
    "create <id>",
    "a rate limit on whatever matches all that is given; it binds within a second",
    "rate-limits create support --organisation acme --team support --requests 600 --seconds 60",
    "rate-limits create large --organisation acme --model gpt-5 --tokens 100000 --seconds 60",
    "rate-limits create each-key --organisation acme --per key --requests 10 --seconds 1 --burst 30",
  );
  withScopeOptions(verb)
    .option("--requests <count>", "how many may pass in that time", wholeNumber(1, COUNT_MAX))
    .option("--tokens <count>", "or how many of their tokens, input and output together", wholeNumber(1, COUNT_MAX))
    .requiredOption("--seconds <count>", "the time, at most a day", wholeNumber(1, SECONDS_MAX))
    .option("--burst <count>", "how many may pass at once; default: as many", wholeNumber(1, COUNT_MAX))
    .option("--reason <text>", "why; stands in the audit log", "")
    .option("--dry-run", "check it and change nothing")
    .action(async (id: string, options: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const { requests, tokens, seconds: perSeconds, burst, per, reason, dryRun = false } = options;
      const amount = requests ?? tokens;
      if (amount === undefined || (requests !== undefined && tokens !== undefined)) {
        throw new Ending("say how much: --requests or --tokens, one of the two", EXIT.usage);
      }
      const unit = tokens === undefined ? "requests" : "tokens";
      const saved = await api.post<SavedRateLimit>("/rate-limits", {
        ...{ id, scope: scopeFrom(options), per: perFrom(per), unit, amount, perSeconds, burst, reason, dryRun },
      });
      print(saved, () => `${id} ${dryRun ? "would be made" : "is made"}: ${amount} ${unit} in ${perSeconds} s`);
    });
}
