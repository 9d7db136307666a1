// Calls unspent credit back over the bus before anybody is refused, and waits a moment for it with no lock held.
import type { Pool } from "@waybill/store";
import { GrantRecall, subjects } from "@waybill/wire";
import type { Recall } from "../ports.ts";

export interface RecallOptions {
  pool: Pool;
  /** Publishes on the bus; throws when it cannot. */
  publish(subject: string, data: Uint8Array): void;
}

const WAIT_MS = 100;
const POLL_MS = 10;
/** Grants whose holders did not answer, remembered so that nobody waits for a dead holder twice. */
const DEAF_MAX = 10_000;

const OPEN_GRANTS = `
  SELECT grant_id FROM budget.credit_grant
  WHERE budget_id = $1 AND state = 'open' AND cap_pico_usd > debited_pico_usd`;

/** Everybody who is short of one budget at the same moment waits for the same recall. */
export function makeRecall({ pool, publish }: RecallOptions): Recall {
  const running = new Map<string, Promise<void>>();
  const deaf = new Set<string>();

  const openGrants = async (budgetId: string): Promise<string[]> => {
    const { rows } = await pool.query<{ grant_id: string }>({
      name: "open-grants",
      text: OPEN_GRANTS,
      values: [budgetId],
    });
    return rows.map(({ grant_id }) => grant_id).filter((id) => !deaf.has(id));
  };

  const recallOne = async (budgetId: string): Promise<void> => {
    const endsAtMs = performance.now() + WAIT_MS;
    let open = await openGrants(budgetId);
    if (open.length === 0) return;
    publish(subjects.recall, GrantRecall.encode({ budgetId }).finish());
    while (open.length > 0 && performance.now() < endsAtMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      open = await openGrants(budgetId);
    }
    for (const id of open) deaf.add(id);
    for (const id of deaf) {
      if (deaf.size <= DEAF_MAX) break;
      deaf.delete(id);
    }
  };

  return async (budgetIds) => {
    const recalls = budgetIds.map((budgetId) => {
      const known = running.get(budgetId);
      if (known) return known;
      const recall = recallOne(budgetId).finally(() => running.delete(budgetId));
      running.set(budgetId, recall);
      return recall;
    });
    // Without the bus or the database nothing comes back: the decision that follows says so with better words.
    await Promise.allSettled(recalls);
  };
}
