// THE STORY of a budget: what is wanted is read -> alone, so that two changes never pass each other, what is there is looked at -> every
// problem is found at once -> it is written together with its line in the audit log, and routers hear of it within a second.
import { WaybillError } from "@waybill/domain";
import type { Budget } from "@waybill/wire";
import { type BudgetRule, isSameRule, type Problem, readBudget } from "./core/budget-rule.ts";
import { AMOUNT_MAX, checkBudget } from "./core/check-budget.ts";
import { checkReach, type PlacedBudget } from "./core/check-reach.ts";
import { checkScope, type KnownNames } from "./core/check-scope.ts";

/** Who changes a budget, and why. */
export interface BudgetBy {
  actorId: string;
  actorName: string;
  reason: string;
  /** Whose budgets may be changed; empty: everybody's. */
  organisationId: string;
}

/** A row under the id: a budget, one that was deleted, or the counter of something else. */
interface FoundBudget {
  origin: "admin" | "deleted" | "counter";
  budget: Budget;
}

/** What is looked at and written in one transaction, alone. */
export interface BudgetDesk {
  find(id: string): Promise<FoundBudget | undefined>;
  /** Budgets of the whole installation. */
  count(): Promise<number>;
  names(rule: BudgetRule): Promise<KnownNames>;
  /** Of one organisation, each with what its scope implies. */
  budgetsOf(organisationId: string): Promise<{ budget: Budget; implied: PlacedBudget["implied"] }[]>;
  save(rule: BudgetRule, by: BudgetBy): Promise<void>;
  delete(id: string, by: BudgetBy): Promise<void>;
  raise(id: string, raise: { by: bigint; untilMs: number }, by: BudgetBy): Promise<void>;
  /** By Postgres time. */
  nowMs(): Promise<number>;
}

export interface BudgetOffice {
  /** One at a time, over all processes. */
  alone<T>(work: (desk: BudgetDesk) => Promise<T>): Promise<T>;
}

export interface Wanted {
  budget: Budget;
  isNew: boolean;
  allowUnreachable: boolean;
  dryRun: boolean;
}

export interface Saved {
  /** As it stands now, or would; undefined with problems. */
  budget: Budget | undefined;
  outcome: "create" | "update" | "raise" | "same" | "";
  problems: readonly Problem[];
}

/** Of one installation: what fits one message to a router. */
const BUDGETS_MAX = 10_000;
const DAY_MS = 86_400_000;
const RAISE_DAYS_MAX = 366;
const AMOUNT = /^\d{1,30}$/;

/** Throws already_exists for a new budget whose id is taken, not_found for one that is to be replaced and is not there. */
export function saveBudget(office: BudgetOffice, wanted: Wanted, by: BudgetBy): Promise<Saved> {
  const { rule, problems: unreadable } = readBudget(wanted.budget);
  return office.alone(async (desk) => {
    const found = await desk.find(rule.id);
    const present = found?.origin === "admin" && isOf(by, found.budget) ? found.budget : undefined;
    if (!wanted.isNew && !present) throw noBudget();
    if (wanted.isNew && found?.origin === "admin") {
      throw new WaybillError("already_exists", { publicMessage: `There is a budget ${rule.id} already.`, param: "id" });
    }
    const problems = [...unreadable, ...checkBudget(rule), ...checkOwner(rule, by), ...checkPast(rule, found)];
    if (!present && (await desk.count()) >= BUDGETS_MAX) {
      problems.push({ field: "id", problem: `there are ${BUDGETS_MAX} budgets, which is the most: delete some` });
    }
    problems.push(...(await checkBeside(desk, rule, wanted, problems.length === 0)));
    if (problems.length > 0) return { budget: undefined, outcome: "", problems };
    if (present && isSameRule(rule, readBudget(present).rule)) return { budget: present, outcome: "same", problems };
    const outcome = present ? "update" : "create";
    if (wanted.dryRun) return { budget: { ...wanted.budget, raise: present?.raise }, outcome, problems };
    await desk.save(rule, by);
    return { budget: (await desk.find(rule.id))?.budget, outcome, problems };
  });
}

/** What only shows beside accounts and the other budgets. */
async function checkBeside(
  desk: BudgetDesk,
  rule: BudgetRule,
  { allowUnreachable }: Wanted,
  isSound: boolean,
): Promise<Problem[]> {
  const names = await desk.names(rule);
  const problems = checkScope(rule, names);
  // What is wrong by itself would only seem to contradict the others.
  if (!isSound || problems.length > 0 || allowUnreachable) return problems;
  const { teamId = "" } = names.user ?? names.key ?? {};
  const implied = { teamId, userId: names.key?.userId ?? "" };
  const others = (await desk.budgetsOf(rule.scope.organisationId))
    .filter(({ budget }) => budget.id !== rule.id)
    .map((other) => ({ rule: readBudget(other.budget).rule, implied: other.implied }));
  return checkReach({ rule, implied }, others);
}

/** The id of a budget names what it counts for as long as anything of it is kept. */
function checkPast(rule: BudgetRule, found: FoundBudget | undefined): Problem[] {
  if (!found) return [];
  if (found.origin === "counter")
    return [{ field: "id", problem: "is the counter of a limit or template: take another id" }];
  const before = readBudget(found.budget).rule;
  const problems: Problem[] = [];
  const check = (field: string, isSame: boolean): void => {
    if (isSame) return;
    const hint = found.origin === "deleted" ? "take another id than the deleted budget's" : "make another budget";
    problems.push({ field, problem: `cannot change, because of what is counted already: ${hint}` });
  };
  check("unit", before.unit === rule.unit);
  check("per", before.per === rule.per);
  check("scope.organisationId", before.scope.organisationId === rule.scope.organisationId);
  return problems;
}

function checkOwner({ scope }: BudgetRule, by: BudgetBy): Problem[] {
  if (by.organisationId === "" || scope.organisationId === by.organisationId) return [];
  return [{ field: "scope.organisationId", problem: `must be ${by.organisationId}, for which this is done` }];
}

/** Throws not_found. What is held or granted on it still settles. */
export function deleteBudget(office: BudgetOffice, id: string, by: BudgetBy): Promise<void> {
  return office.alone(async (desk) => {
    await present(desk, id, by);
    await desk.delete(id, by);
  });
}

/** `by.reason` must say why. `amount` is decimal text in the budget's unit, 0 ends a raise. Throws not_found. */
export function raiseBudget(
  office: BudgetOffice,
  { id, amount, untilMs }: { id: string; amount: string; untilMs: bigint },
  by: BudgetBy,
): Promise<Saved> {
  return office.alone(async (desk) => {
    const { rule } = readBudget(await present(desk, id, by));
    const problems: Problem[] = [];
    const raised = AMOUNT.test(amount) ? BigInt(amount) : -1n;
    if (raised < 0n) problems.push({ field: "by", problem: "must be a whole amount of the unit as decimal text" });
    if (rule.limit + raised > AMOUNT_MAX)
      problems.push({ field: "by", problem: "makes the limit larger than any may be" });
    if (by.reason.trim() === "") problems.push({ field: "reason", problem: "must say why" });
    const lastsMs = Number(untilMs) - (await desk.nowMs());
    if (raised > 0n && (lastsMs <= 0 || lastsMs > RAISE_DAYS_MAX * DAY_MS)) {
      problems.push({ field: "until", problem: `must be in the future and at most ${RAISE_DAYS_MAX} days from now` });
    }
    if (problems.length > 0) return { budget: undefined, outcome: "", problems };
    await desk.raise(id, { by: raised, untilMs: Number(untilMs) }, by);
    return { budget: (await desk.find(id))?.budget, outcome: "raise", problems };
  });
}

async function present(desk: BudgetDesk, id: string, by: BudgetBy): Promise<Budget> {
  const found = await desk.find(id);
  if (found?.origin !== "admin" || !isOf(by, found.budget)) throw noBudget();
  return found.budget;
}

/** Another organisation's budget is none at all. */
function isOf({ organisationId }: BudgetBy, { scope }: Budget): boolean {
  return organisationId === "" || scope?.organisationId === organisationId;
}

function noBudget(): WaybillError {
  return new WaybillError("not_found", { publicMessage: "There is no such budget." });
}
