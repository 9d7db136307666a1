// Budgets as a file: a list under `budgets`, each with what the admin API takes, and amounts and windows in short.
import { parse as parseYaml, stringify } from "yaml";
import type { Budget, BudgetFields } from "../api/budgets.ts";
import { fieldsOf } from "../api/budgets.ts";
import { Ending, EXIT, type Problem, ProblemsEnding } from "../exit-codes.ts";
import { AMOUNT_HELP, readAmount, readWindow, WINDOW_HELP } from "./amount-text.ts";
import { shortFields } from "./budget-fields.ts";
import { readText } from "./route-files.ts";

export interface FiledBudget {
  id: string;
  fields: BudgetFields;
}

const BUDGETS_MAX = 10_000;
/** What the API takes; anything else is a slip of the pen. */
const FIELDS = new Set([
  ...["id", "name", "scope", "unit", "limit", "enforcement", "maxSharePercent", "window", "carryOver", "per"],
  ...["onExhausted", "whenAway", "awayAllowance", "alertPercents"],
]);

/** Throws Ending for a file that cannot be read, and ProblemsEnding with everything that is wrong in it. */
export async function readBudgetsFile(path: string): Promise<FiledBudget[]> {
  return parseBudgets(path, await readText(path));
}

export function parseBudgets(path: string, text: string): FiledBudget[] {
  const listed = listIn(path, text);
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const budgets = listed.map((entry, index) => {
    const id = textIn(entry, "id");
    const node = id ?? `budgets[${index}]`;
    const report = (field: string, problem: string): void => void problems.push({ path, node, field, problem });
    if (id === undefined) report("id", "must be said");
    else if (seen.has(id)) report("id", "stands twice");
    seen.add(id ?? "");
    return { id: id ?? "", fields: readFields(entry, report) };
  });
  if (problems.length > 0) throw new ProblemsEnding("the file has problems; nothing was asked", problems);
  return budgets;
}

/** As a file, in the order given; the last thing is a line break. */
export function formatBudgets(budgets: readonly Budget[]): string {
  const listed = budgets.map((budget) => ({ id: budget.id, ...shortFields(fieldsOf(budget)) }));
  return stringify({ budgets: listed }, { lineWidth: 120 });
}

function listIn(path: string, text: string): unknown[] {
  let read: unknown;
  try {
    read = parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new Ending(`${path} is not YAML: ${reason}`, EXIT.problems);
  }
  const listed = isObject(read) ? read.budgets : undefined;
  if (!Array.isArray(listed)) {
    throw new Ending(`${path} must hold a list named budgets; \`waybill budgets export\` writes one`, EXIT.problems);
  }
  if (listed.length > BUDGETS_MAX) throw new Ending(`${path} has more than ${BUDGETS_MAX} budgets`, EXIT.problems);
  return listed;
}

function readFields(entry: unknown, report: (field: string, problem: string) => void): BudgetFields {
  const given = isObject(entry) ? entry : {};
  for (const name of Object.keys(given)) if (!FIELDS.has(name)) report(name, "is nothing a budget has");
  const { id, limit, window, unit, name, ...rest } = given;
  return {
    ...(rest as Partial<BudgetFields>),
    name: typeof name === "string" ? name : typeof id === "string" ? id : "",
    ...readLimit(limit, unit, report),
    window: readWindowField(window, report),
  };
}

function readLimit(
  limit: unknown,
  unit: unknown,
  report: (field: string, problem: string) => void,
): Pick<BudgetFields, "limit" | "unit"> {
  const read = typeof limit === "string" ? readAmount(limit) : undefined;
  if (read && (unit === undefined || unit === read.unit)) return read;
  if (read) report("unit", `is ${String(unit)}, and the limit says ${read.unit}`);
  else if (typeof limit === "string" && typeof unit === "string") return { limit, unit };
  // A number of YAML is a float, and money is none.
  else report("limit", `must be ${AMOUNT_HELP}`);
  return { limit: "" };
}

function readWindowField(window: unknown, report: (field: string, problem: string) => void): BudgetFields["window"] {
  const read = typeof window === "string" ? readWindow(window) : undefined;
  if (read) return read;
  if (isObject(window) && typeof window.kind === "string") return { ...window, kind: window.kind };
  report("window", `must be ${WINDOW_HELP}, or an object with its kind`);
  return { kind: "" };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textIn(value: unknown, name: string): string | undefined {
  const field = isObject(value) ? value[name] : undefined;
  return typeof field === "string" ? field : undefined;
}
