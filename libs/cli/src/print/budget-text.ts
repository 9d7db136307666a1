// A budget and its standing for people.
import type { Budget } from "../api/budgets.ts";
import { flatFields } from "../files/budget-fields.ts";
import { formatTable } from "./table.ts";

export function budgetTable(budgets: readonly Budget[]): string {
  return formatTable(
    ["budget", "name", "limit", "unit", "window", "kind", "spent", "held", "left"],
    budgets.map(({ id, name, limit, unit, enforcement, window, standing }) => [
      ...[id, name, standing?.limit ?? limit, unit, window.kind, enforcement],
      ...[standing?.spent ?? "-", standing?.held ?? "-", standing?.remaining ?? "-"],
    ]),
  );
}

/** One field in a line; what is not said is left out. */
export function budgetLines({ id, raise, standing, ...fields }: Budget): string {
  const said = Object.entries(flatFields(fields)).filter(
    ([, value]) => value !== null && value !== "" && !isEmpty(value),
  );
  const rows = said.map(([field, value]) => [field, typeof value === "string" ? value : JSON.stringify(value)]);
  if (raise) rows.push(["raise", `${raise.by} until ${raise.until}: ${raise.reason}`]);
  if (standing) {
    rows.push(["limit now", standing.limit], ["spent", standing.spent], ["held", standing.held]);
    rows.push(["granted", standing.granted], ["left", standing.remaining], ["resets", standing.resetsAt ?? "never"]);
    const { by5Min, by1Hour, by6Hours, exhaustedAt } = standing.burn;
    rows.push(["an hour's burn", `${by5Min} by the last 5 min, ${by1Hour} by the last hour, ${by6Hours} by 6 hours`]);
    rows.push(["used up", exhaustedAt ?? "not in this window"]);
  }
  return formatTable(["budget", id], rows);
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
