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
  concurrency?: number;
  seconds?: number;
  burst?: number;
  reason: string;
  dryRun?: boolean;
}

const UNITS = ["requests", "tokens", "concurrency"] as const;
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
    .option("--concurrency <count>", "or how many at a time", wholeNumber(1, COUNT_MAX))
    .option("--seconds <count>", "the time, at most a day", wholeNumber(1, SECONDS_MAX))
    .option("--burst <count>", "how many may pass at once; default: as many", wholeNumber(1, COUNT_MAX))
    .option("--reason <text>", "why; stands in the audit log", "")
    .option("--dry-run", "check it and change nothing")
    .action(async (id: string, options: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const { seconds: perSeconds, burst, per, reason, dryRun = false } = options;
      const [unit, more] = UNITS.filter((name) => options[name] !== undefined);
      if (!unit || more)
        throw new Ending("say how much: --requests, --tokens or --concurrency, one of them", EXIT.usage);
      if ((perSeconds === undefined) !== (unit === "concurrency")) {
        throw new Ending("say in which time: --seconds, but not with --concurrency", EXIT.usage);
      }
      const amount = options[unit];
      const saved = await api.post<SavedRateLimit>("/rate-limits", {
        ...{ id, scope: scopeFrom(options), per: perFrom(per), unit, amount, perSeconds, burst, reason, dryRun },
      });
      const much = unit === "concurrency" ? `${amount} requests at a time` : `${amount} ${unit} in ${perSeconds} s`;
      print(saved, () => `${id} ${dryRun ? "would be made" : "is made"}: ${much}`);
    });
}
