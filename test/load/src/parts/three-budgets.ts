// Three hard budgets that match every request of the benchmark: organisation, team and key.

import type { TestStack } from "../../../stack/start-stack.ts";

/** A million dollars in pico-USD: never near, so that grants and not refusals are measured. */
const LIMIT_PICO_USD = 1_000_000_000_000_000_000n;

/** The team's is seeded with the demo; the two others are added. */
export async function addBudgets(stack: TestStack, key: string): Promise<void> {
  const keyId = key.split("_")[1] ?? "";
  const limit = LIMIT_PICO_USD.toString();
  await stack.sql("UPDATE budget.budget SET limit_pico_usd = $1 WHERE team_id = 'support'", [limit]);
  await stack.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, key_id, limit_pico_usd, window_kind) VALUES
     ('bench-organisation', 'All of acme', 'acme', '', $1, 'month'),
     ('bench-key', 'The key of the benchmark', 'acme', $2, $1, 'month')`,
    [limit, keyId],
  );
}
