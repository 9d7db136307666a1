// Calls unspent credit back over the bus before anybody is refused, and waits a moment for it with no lock held.
import type { Pool } from "@waybill/store";
import { GrantRecall, subjects } from "@waybill/wire";
import type { Recall } from "../ports.ts";

export interface RecallOptions {
  pool: Pool;
  /** Publishes on the bus; throws when it cannot. */
  publish(subject: string, data: Uint8Array): void;
  /** Whether a holder has a stream to this process; one that has not may have one to another, or be gone. */
  isConnected(holder: string): boolean;
  monotonicMs(): number;
}

const WAIT_MS = 100;
const POLL_MS = 10;
/**
 * A holder that has not given a grant back after so long, and after so many rounds in which Postgres answered, is gone: what it says
 * may wait behind a stall of Postgres, of this process or of its own, all of which pass. One that is connected may be slow for longer.
 */
const GONE_AFTER_MS = 3_000;
const GONE_AFTER_ROUNDS = 20;
const CONNECTED_GONE_AFTER_MS = 15_000;
/** Grants that were called back and did not come, remembered so that nobody waits for a dead holder again and again. */
const REMEMBERED_MAX = 10_000;

const OPEN_GRANTS = `
  SELECT grant_id, holder FROM budget.credit_grant
  WHERE budget_id = $1 AND state = 'open' AND cap_pico_usd > debited_pico_usd`;

interface OpenGrant {
  grantId: string;
  holder: string;
}

/** Everybody who is short of one budget at the same moment waits for the same recall. */
export function makeRecall({ pool, publish, isConnected, monotonicMs }: RecallOptions): Recall {
  const running = new Map<string, Promise<"back" | "missing">>();
  /** When each was first called back, and in how many rounds it did not come. */
  const called = new Map<string, { firstMs: number; rounds: number }>();
  const isGone = ({ grantId, holder }: OpenGrant): boolean => {
    const known = called.get(grantId);
    if (!known || known.rounds < GONE_AFTER_ROUNDS) return false;
    return monotonicMs() - known.firstMs >= (isConnected(holder) ? CONNECTED_GONE_AFTER_MS : GONE_AFTER_MS);
  };

  const openGrants = async (budgetId: string): Promise<OpenGrant[]> => {
    const { rows } = await pool.query<{ grant_id: string; holder: string }>({
      name: "open-grants",
      text: OPEN_GRANTS,
      values: [budgetId],
    });
    return rows.map(({ grant_id: grantId, holder }) => ({ grantId, holder })).filter((grant) => !isGone(grant));
  };

  const recallOne = async (budgetId: string): Promise<"back" | "missing"> => {
    const calledAtMs = monotonicMs();
    const endsAtMs = calledAtMs + WAIT_MS;
    let open = await openGrants(budgetId);
    if (open.length === 0) return "back";
    publish(subjects.recall, GrantRecall.encode({ budgetId }).finish());
    while (open.length > 0 && monotonicMs() < endsAtMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      open = await openGrants(budgetId);
    }
    for (const { grantId } of open) {
      const { firstMs = calledAtMs, rounds = 0 } = called.get(grantId) ?? {};
      called.set(grantId, { firstMs, rounds: rounds + 1 });
    }
    for (const id of called.keys()) {
      if (called.size <= REMEMBERED_MAX) break;
      called.delete(id);
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
