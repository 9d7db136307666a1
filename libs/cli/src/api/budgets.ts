// Budgets as the admin API shows and takes them.
import type { Api } from "./client.ts";

export interface Scope {
  organisationId?: string;
  teamId?: string;
  userId?: string;
  keyId?: string;
  endUserId?: string;
  route?: string;
  provider?: string;
  model?: string;
  tag?: { name: string; value: string };
}

export interface BudgetWindow {
  kind: string;
  seconds?: number | null;
  timeZone?: string;
  anchorWeekday?: number;
  anchorDay?: number;
  anchorMonth?: number;
  anchorAt?: string | null;
}

/** What a budget says; what is left out has its default. */
export interface BudgetFields {
  name: string;
  scope?: Scope;
  unit?: string;
  limit: string;
  enforcement?: string;
  maxSharePercent?: number;
  window: BudgetWindow;
  carryOver?: boolean;
  per?: string | null;
  onExhausted?: string;
  whenAway?: string;
  awayAllowance?: string | null;
  alertPercents?: number[];
}

export interface Budget extends Required<BudgetFields> {
  id: string;
  window: Required<BudgetWindow>;
  raise: { by: string; reason: string; until: string } | null;
  standing?: {
    limit: string;
    spent: string;
    held: string;
    granted: string;
    remaining: string;
    resetsAt: string | null;
    burn: { by5Min: string; by1Hour: string; by6Hours: string; exhaustedAt: string | null };
  } | null;
}

export interface SavedBudget {
  budget: Budget;
  outcome: "create" | "update" | "raise" | "same";
  dryRun: boolean;
}

export async function allBudgets(api: Api): Promise<Budget[]> {
  return (await api.get<{ budgets: Budget[] }>("/budgets")).budgets;
}

/** What of a budget can be given back to the API. */
export function fieldsOf({ id: _id, raise: _raise, standing: _standing, ...fields }: Budget): Required<BudgetFields> {
  return fields;
}
