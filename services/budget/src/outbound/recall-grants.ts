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
/** A holder that has not given a grant back by then is dead: a live one is busy for some hundred milliseconds at most. */
const DEAF_AFTER_MS = 2_000;
/** Grants that were called back and did not come, remembered so that nobody waits for a dead holder again and again. */
const REMEMBERED_MAX = 10_000;

const OPEN_GRANTS = `
  SELECT grant_id FROM budget.credit_grant
  WHERE budget_id = $1 AND state = 'open' AND cap_pico_usd > debited_pico_usd`;

/** Everybody who is short of one budget at the same moment waits for the same recall. */
export function makeRecall({ pool, publish }: RecallOptions): Recall {
  const running = new Map<string, Promise<"back" | "missing">>();
  /** When each was first called back. */
  const calledMs = new Map<string, number>();
  const isDeaf = (grantId: string): boolean => performance.now() - (calledMs.get(grantId) ?? Infinity) >= DEAF_AFTER_MS;

  const openGrants = async (budgetId: string): Promise<string[]> => {
    const { rows } = await pool.query<{ grant_id: string }>({
      name: "open-grants",
      text: OPEN_GRANTS,
      values: [budgetId],
    });
    return rows.map(({ grant_id }) => grant_id).filter((id) => !isDeaf(id));
  };

  const recallOne = async (budgetId: string): Promise<"back" | "missing"> => {
    const calledAtMs = performance.now();
    const endsAtMs = calledAtMs + WAIT_MS;
    let open = await openGrants(budgetId);
    if (open.length === 0) return "back";
    publish(subjects.recall, GrantRecall.encode({ budgetId }).finish());
    while (open.length > 0 && performance.now() < endsAtMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      open = await openGrants(budgetId);
    }
    for (const id of open) if (!calledMs.has(id)) calledMs.set(id, calledAtMs);
    for (const id of calledMs.keys()) {
      if (calledMs.size <= REMEMBERED_MAX) break;
      calledMs.delete(id);
    }
    return open.length === 0 ? "back" : "missing";
  };

  return async (budgetIds) => {
    const recalls = budgetIds.map((budgetId) => {
      const known = running.get(budgetId);
      if (known) return known;
      const recall = recallOne(budgetId).finally(() => running.delete(budgetId));
      running.set(budgetId, recall);
      return recall;
    });
    const ends = await Promise.allSettled(recalls);
    // Without the bus or the database nothing comes back, and nobody knows what is out.
    return ends.every((end) => end.status === "fulfilled" && end.value === "back") ? "back" : "missing";
  };
}
