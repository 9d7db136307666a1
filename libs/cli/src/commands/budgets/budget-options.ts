// The options that say what a budget is, for create and update.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { BudgetFields, BudgetWindow, Scope } from "../../api/budgets.ts";
import { AMOUNT_HELP, readAmount, readWindow, WINDOW_HELP } from "../../files/amount-text.ts";
import { wholeNumber } from "../option-values.ts";

export interface BudgetOptions extends ScopeOptions {
  name?: string;
  limit?: { limit: string; unit: string };
  window?: { kind: string; seconds: number | null };
  timeZone?: string;
  anchorWeekday?: number;
  anchorDay?: number;
  anchorMonth?: number;
  anchorAt?: string;
  enforcement?: string;
  onExhausted?: string;
  whenAway?: string;
  awayAllowance?: { limit: string; unit: string };
  carryOver?: boolean;
  maxShare?: number;
  alerts?: number[];
  reason: string;
  allowUnreachable?: boolean;
  dryRun?: boolean;
}

const PER: Readonly<Record<string, string>> = { team: "teamId", user: "userId", key: "keyId", "end-user": "endUserId" };

export interface ScopeOptions {
  team?: string;
  user?: string;
  key?: string;
  endUser?: string;
  route?: string;
  provider?: string;
  model?: string;
  tag?: { name: string; value: string };
  per?: string;
}

/** What a budget or a rate limit is about. */
export function withScopeOptions(command: Command): Command {
  return command
    .option("--team <id>", "what it covers; every one that is given must match")
    .option("--user <id>")
    .option("--key <id>")
    .option("--end-user <id>")
    .option("--route <name>")
    .option("--provider <id>")
    .option("--model <name>", "without its provider")
    .option("--tag <name=value>", "a tag of the key", tag)
    .addOption(new Option("--per <field>", "a counter for each value of it").choices(Object.keys(PER)));
}

export function withBudgetOptions(command: Command): Command {
  const timed = command
    .option("--name <text>", "what people call it")
    .option("--limit <amount>", AMOUNT_HELP, amount)
    .option("--window <kind>", WINDOW_HELP, window)
    .option("--time-zone <name>", "of a calendar window, like Europe/Berlin")
    .option("--anchor-weekday <1-7>", "on which day a week begins; 1 is Monday", wholeNumber(1, 7))
    .option("--anchor-day <1-28>", "on which day a month, quarter or year begins", wholeNumber(1, 28))
    .option("--anchor-month <1-12>", "from which month quarters and years are counted", wholeNumber(1, 12))
    .option("--anchor-at <time>", "a moment at which a fixed window begins, ISO 8601");
  return withScopeOptions(timed)
    .addOption(
      new Option("--enforcement <kind>", "how strict it is (default hard)").choices(["hard", "soft", "observe"]),
    )
    .addOption(new Option("--on-exhausted <what>", "at its end").choices(["refuse", "fallback", "downgrade"]))
    .addOption(new Option("--when-away <what>", "while nobody can be asked").choices(["deny", "allow", "downgrade"]))
    .option("--away-allowance <amount>", "with --when-away allow: how much each router lets pass", amount)
    .option("--carry-over", "what a window leaves unspent is added to the next one")
    .option("--no-carry-over", "it is not")
    .option("--max-share <percent>", "of the rest, for one request without a bound", wholeNumber(1, 100))
    .option("--alerts <percents>", "of the limit, like 80,100", percents)
    .option("--reason <text>", "why; stands in the audit log", "")
    .option("--allow-unreachable", "save it although it, or another one, can never bind")
    .option("--dry-run", "check it and change nothing");
}

/** What was asked for on top of what there is. */
export function fieldsFrom(options: BudgetOptions, before: Partial<BudgetFields>): BudgetFields {
  const { limit, name, enforcement, onExhausted, whenAway, awayAllowance, carryOver, maxShare, alerts, per } = options;
  return {
    ...before,
    name: name ?? before.name ?? "",
    scope: { ...before.scope, ...given(scopeFrom(options)) },
    ...(limit ?? { limit: before.limit ?? "", ...(before.unit !== undefined && { unit: before.unit }) }),
    window: windowFrom(options, before.window),
    ...given({
      ...{ enforcement, onExhausted, whenAway, carryOver },
      awayAllowance: awayAllowance?.limit ?? (whenAway !== undefined && whenAway !== "allow" ? null : undefined),
      maxSharePercent: maxShare,
      alertPercents: alerts,
      per: perFrom(per),
    }),
  };
}

/** As the API names it; undefined: it was not asked for. */
export function perFrom(per: string | undefined): string | undefined {
  return per === undefined ? undefined : PER[per];
}

export function scopeFrom({ team, user, key, endUser, route, provider, model, tag }: ScopeOptions): Scope {
  return given({ teamId: team, userId: user, keyId: key, endUserId: endUser, route, provider, model, tag });
}

/** Another kind of window begins with a rule of its own. */
function windowFrom({ window: wanted, ...options }: BudgetOptions, before: BudgetWindow | undefined): BudgetWindow {
  const { timeZone, anchorWeekday, anchorDay, anchorMonth, anchorAt } = options;
  const kept = wanted !== undefined && wanted.kind !== before?.kind ? undefined : before;
  return { kind: "", ...kept, ...wanted, ...given({ timeZone, anchorWeekday, anchorDay, anchorMonth, anchorAt }) };
}

function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

export function amount(text: string): { limit: string; unit: string } {
  const read = readAmount(text);
  if (!read) throw new InvalidArgumentError(`It must be ${AMOUNT_HELP}.`);
  return read;
}

function window(text: string): { kind: string; seconds: number | null } {
  const read = readWindow(text);
  if (!read) throw new InvalidArgumentError(`It must be ${WINDOW_HELP}.`);
  return read;
}

function tag(text: string): { name: string; value: string } {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError("It must be name=value.");
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

function percents(text: string): number[] {
  const read = text.split(",").map((part) => part.trim());
  if (!read.every((part) => /^\d{1,4}$/.test(part))) throw new InvalidArgumentError("It must be like 80,100.");
  return read.map(Number);
}
