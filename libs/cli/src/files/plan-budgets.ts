// What applying a file of budgets would change: new, changed field by field, the same, and what is only on the server.
import { type Budget, fieldsOf } from "../api/budgets.ts";
import { differingFields } from "./budget-fields.ts";
import type { FiledBudget } from "./budgets-file.ts";

export interface PlannedBudget {
  id: string;
  change: "new" | "changed" | "same" | "only on the server" | "deleted";
  fields: { field: string; before: string; after: string }[];
}

/** `organisation`: whose a budget is whose scope does not say; undefined: the server knows. */
export function planBudgets(
  filed: readonly FiledBudget[],
  present: readonly Budget[],
  { prune, organisation }: { prune: boolean; organisation: string | undefined },
): PlannedBudget[] {
  const byId = new Map(present.map((budget) => [budget.id, budget]));
  const planned = filed.map(({ id, fields }): PlannedBudget => {
    const before = byId.get(id);
    if (!before) return { id, change: "new", fields: [] };
    const organisationId = organisation ?? before.scope.organisationId;
    const scope = { ...(organisationId !== undefined && { organisationId }), ...fields.scope };
    const differing = differingFields(fieldsOf(before), { ...fields, scope });
    return { id, change: differing.length === 0 ? "same" : "changed", fields: differing };
  });
  const inFile = new Set(filed.map(({ id }) => id));
  const others = present
    .filter(({ id }) => !inFile.has(id))
    .map(({ id }): PlannedBudget => ({ id, change: prune ? "deleted" : "only on the server", fields: [] }));
  return [...planned, ...others];
}

/** One line for each budget, and below a changed one a line for each field. */
export function planLines(planned: readonly PlannedBudget[]): string[] {
  return planned.flatMap(({ id, change, fields }) => [
    `${change}: ${id}`,
    ...fields.map(({ field, before, after }) => `  ${field}: ${before} -> ${after}`),
  ]);
}
