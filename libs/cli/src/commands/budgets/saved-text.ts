// What was done with a budget, in a sentence.
import type { SavedBudget } from "../../api/budgets.ts";

const DONE = { create: "is made", update: "is changed", raise: "is raised", same: "says that already" } as const;
const WOULD = {
  create: "would be made",
  update: "would be changed",
  raise: "would be raised",
  same: DONE.same,
} as const;

export function savedText({ budget, outcome, dryRun }: SavedBudget): string {
  const { id, limit, unit, window } = budget;
  return `${id} ${(dryRun ? WOULD : DONE)[outcome]}: ${limit} ${unit === "usd" ? "USD" : unit}, ${window.kind}`;
}
