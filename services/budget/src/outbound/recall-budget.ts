// After a budget was changed: the credit that routers hold under what it said before is called back, of a template's counters, too.
import type { Pool } from "@waybill/store";
import type { Recall } from "../ports.ts";

/** Of one template; credit of further ones ends with its life, seconds later. */
const COUNTERS_MAX = 1_000;

const WITH_CREDIT = `
  SELECT DISTINCT g.budget_id FROM budget.credit_grant g JOIN budget.budget b ON b.id = g.budget_id
  WHERE g.state = 'open' AND g.cap_pico_usd > g.debited_pico_usd AND (b.id = $1 OR b.template_id = $1) LIMIT ${COUNTERS_MAX}`;

/** Never rejects: the change is made, and credit that does not come back ends with its life. */
export function recallBudget(pool: Pool, recall: Recall): (budgetId: string) => Promise<void> {
  return async (budgetId) => {
    try {
      const { rows } = await pool.query<{ budget_id: string }>(WITH_CREDIT, [budgetId]);
      await recall(rows.map((row) => row.budget_id));
    } catch {
      // The database has just gone away; so has the reason to hurry.
    }
  };
}
