// What a budget may say by itself: every limit of its fields, and what contradicts itself. Every problem at once.
import { type BudgetRule, PER_FIELDS, type Problem, SCOPE_FIELDS, type WindowRule } from "./budget-rule.ts";

const ID = /^[a-z0-9][a-z0-9._-]{0,126}$/;
const NAME_CHARACTERS_MAX = 128;
const SCOPE_CHARACTERS_MAX = 256;
/** 10^9 USD, and as many tokens or requests as nobody will ever count. */
export const AMOUNT_MAX = 10n ** 21n;
const WINDOW_SECONDS_MAX = 315_360_000n;
const ANCHOR_AT_SECONDS_MAX = 32_503_680_000n;
const ALERTS_MAX = 10;
const ALERT_PERCENT_MAX = 1_000;
const CALENDAR = ["day", "week", "month", "quarter", "year"];
const LENGTHS = ["fixed", "rolling"];
const KINDS = [...CALENDAR, ...LENGTHS, "total"];

type Report = (field: string, problem: string) => void;

export function checkBudget(rule: BudgetRule): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (field, problem) => void problems.push({ field, problem });
  checkNames(rule, report);
  checkScopeTexts(rule, report);
  checkAmounts(rule, report);
  checkWindow(rule.window, report);
  checkStrictness(rule, report);
  return problems;
}

export function checkNames({ id, name }: Pick<BudgetRule, "id" | "name">, report: Report): void {
  if (!ID.test(id))
    report("id", "must be 1 to 127 small letters, digits, dots, dashes or underscores, the first a letter or digit");
  if (name.trim() === "" || !isPlain(name, NAME_CHARACTERS_MAX)) {
    report("name", `must be 1 to ${NAME_CHARACTERS_MAX} characters without control characters`);
  }
}

export function checkScopeTexts({ scope, per }: Pick<BudgetRule, "scope" | "per">, report: Report): void {
  for (const field of SCOPE_FIELDS) {
    if (!isPlain(scope[field], SCOPE_CHARACTERS_MAX)) {
      report(pathOf(field), `must be at most ${SCOPE_CHARACTERS_MAX} characters without control characters`);
    }
  }
  if (scope.tagName === "" && scope.tagValue !== "") report("scope.tag.name", "must be said where a value is");
  if (scope.tagName !== "" && scope.tagValue === "") report("scope.tag.value", "must be said where a name is");
  if (per === "") return;
  const field = PER_FIELDS[per];
  if (field === undefined) report("per", "must be teamId, userId, keyId or endUserId");
  else if (scope[field] !== "") {
    report("per", `is ${field}, of which scope.${field} names one: leave one of the two out`);
  }
}

/** As the admin API writes it. */
function pathOf(field: (typeof SCOPE_FIELDS)[number]): string {
  if (field === "tagName") return "scope.tag.name";
  return field === "tagValue" ? "scope.tag.value" : `scope.${field}`;
}

function checkAmounts({ limit, maxSharePercent, awayAllowance, alertPercents }: BudgetRule, report: Report): void {
  if (limit === 0n)
    report("limit", "must be more than 0; to forbid something, revoke the key or narrow what it may use");
  if (limit > AMOUNT_MAX) report("limit", "must be at most 10^9 USD, or 10^21 tokens or requests");
  if (awayAllowance > limit) report("awayAllowance", "must not be more than the limit");
  if (maxSharePercent < 1 || maxSharePercent > 100) report("maxSharePercent", "must be from 1 to 100");
  if (alertPercents.length > ALERTS_MAX || new Set(alertPercents).size !== alertPercents.length) {
    report("alertPercents", `must be at most ${ALERTS_MAX}, each once`);
  }
  if (alertPercents.some((percent) => percent < 1 || percent > ALERT_PERCENT_MAX)) {
    report("alertPercents", `must be whole numbers from 1 to ${ALERT_PERCENT_MAX}`);
  }
}

function checkWindow(window: WindowRule, report: Report): void {
  const { kind, seconds, timeZone, anchorWeekday, anchorDay, anchorMonth, anchorAtSeconds } = window;
  if (!KINDS.includes(kind)) {
    report("window.kind", `must be one of ${KINDS.join(", ")}`);
    return;
  }
  if (LENGTHS.includes(kind) && (seconds < 1n || seconds > WINDOW_SECONDS_MAX)) {
    report("window.seconds", `must be from 1 to ${WINDOW_SECONDS_MAX} for a ${kind} window`);
  }
  if (!LENGTHS.includes(kind) && seconds !== 0n) report("window.seconds", "is only for fixed and rolling windows");
  if (!CALENDAR.includes(kind) && timeZone !== "UTC") report("window.timeZone", "is only for calendar windows");
  if (anchorWeekday < 1 || anchorWeekday > 7) report("window.anchorWeekday", "must be from 1 (Monday) to 7");
  else if (kind !== "week" && anchorWeekday !== 1) report("window.anchorWeekday", "is only for weeks");
  if (anchorDay < 1 || anchorDay > 28) report("window.anchorDay", "must be from 1 to 28, which every month has");
  else if (!["month", "quarter", "year"].includes(kind) && anchorDay !== 1) {
    report("window.anchorDay", "is only for months, quarters and years");
  }
  if (anchorMonth < 1 || anchorMonth > 12) report("window.anchorMonth", "must be from 1 to 12");
  else if (!["quarter", "year"].includes(kind) && anchorMonth !== 1) {
    report("window.anchorMonth", "is only for quarters and years");
  }
  if (kind !== "fixed" && anchorAtSeconds !== 0n) report("window.anchorAt", "is only for fixed windows");
  else if (anchorAtSeconds < 0n || anchorAtSeconds > ANCHOR_AT_SECONDS_MAX) {
    report("window.anchorAt", "must be from 1970 to the year 3000");
  }
}

/** What a budget asks for and can never do. */
function checkStrictness(rule: BudgetRule, report: Report): void {
  const { enforcement, unit, scope, onExhausted, whenAway, awayAllowance, carryOver, window } = rule;
  if (enforcement !== "hard" && whenAway !== "deny") {
    report(
      "whenAway",
      `is only for hard budgets: a budget that is ${enforcement} lets requests pass while it cannot be asked`,
    );
  }
  if (enforcement === "observe" && onExhausted !== "refuse") {
    report("onExhausted", "is never reached: a budget that only observes refuses nothing");
  }
  const leavesIt = scope.provider !== "" || scope.model !== "";
  if (unit === "requests" && onExhausted !== "refuse" && !leavesIt) {
    report(
      "onExhausted",
      "can never help: every other model is one request, too; name a provider or a model in the scope",
    );
  }
  if (whenAway === "allow" && awayAllowance === 0n) report("awayAllowance", "must be said where whenAway is allow");
  if (whenAway !== "allow" && awayAllowance !== 0n) report("awayAllowance", "is only for whenAway allow");
  if (carryOver && (window.kind === "total" || window.kind === "rolling")) {
    report("carryOver", `has no next window to go to: a ${window.kind} window never ends`);
  }
}

function isPlain(text: string, charactersMax: number): boolean {
  return text.length <= charactersMax && !/[\p{Cc}\p{Cs}]/u.test(text);
}
