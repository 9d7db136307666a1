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
/** While somebody waits it is called again, because the bus may lose a call. */
const CALL_EVERY_MS = 100;
/**
 * A holder that has not given a grant back after so long, and after it was called so often while Postgres answered, is gone: what it says
 * may wait behind a stall of Postgres, of this process or of its own, all of which pass. One that is connected may be slow for longer.
 */
const GONE_AFTER_MS = 3_000;
const GONE_AFTER_CALLS = 20;
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

interface Waiting {
  endsAtMs: number;
  resolve(end: "back" | "missing"): void;
  reject(error: unknown): void;
}

/** Everybody who is short of one budget at the same moment waits for the same calls and looks. */
export function makeRecall({ pool, publish, isConnected, monotonicMs }: RecallOptions): Recall {
  /** By budget; everybody who waits for the credit of one is served by the same looks at it. */
  const waiting = new Map<string, Waiting[]>();
  /** When each was first called back, and how often. */
  const called = new Map<string, { firstMs: number; calls: number }>();
  const isGone = ({ grantId, holder }: OpenGrant): boolean => {
    const known = called.get(grantId);
    if (!known || known.calls < GONE_AFTER_CALLS) return false;
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

  const call = (budgetId: string, open: readonly OpenGrant[]): void => {
    publish(subjects.recall, GrantRecall.encode({ budgetId }).finish());
    for (const { grantId } of open) {
      const { firstMs = monotonicMs(), calls = 0 } = called.get(grantId) ?? {};
      called.set(grantId, { firstMs, calls: calls + 1 });
    }
    for (const id of called.keys()) {
      if (called.size <= REMEMBERED_MAX) break;
      called.delete(id);
    }
  };

  /** Looks at a budget's credit until nobody waits for it. */
  const follow = async (budgetId: string, all: Waiting[]): Promise<void> => {
    let calledAtMs: number | undefined;
    while (all.length > 0) {
      // Whoever comes while a look is under way has to wait for the next: only that one is certain to see what was out when he came.
      const looking = all.splice(0);
      try {
        const open = await openGrants(budgetId);
        const nowMs = monotonicMs();
        for (const one of looking) {
          if (open.length === 0) one.resolve("back");
          else if (one.endsAtMs <= nowMs) one.resolve("missing");
          else all.push(one);
        }
        const isDue = calledAtMs === undefined || (all.length > 0 && nowMs - calledAtMs >= CALL_EVERY_MS);
        if (open.length > 0 && isDue) {
          call(budgetId, open);
          calledAtMs = nowMs;
        }
      } catch (error) {
        for (const one of [...looking, ...all.splice(0)]) one.reject(error);
      }
      if (all.length > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    waiting.delete(budgetId);
  };

  const recallOne = (budgetId: string): Promise<"back" | "missing"> =>
    new Promise((resolve, reject) => {
      const one: Waiting = { endsAtMs: monotonicMs() + WAIT_MS, resolve, reject };
      const others = waiting.get(budgetId);
      if (others) {
        others.push(one);
        return;
      }
      const all = [one];
      waiting.set(budgetId, all);
      void follow(budgetId, all);
    });

  return async (budgetIds) => {
    const ends = await Promise.allSettled(budgetIds.map(recallOne));
    // Without the bus or the database nothing comes back, and nobody knows what is out.
    return ends.every((end) => end.status === "fulfilled" && end.value === "back") ? "back" : "missing";
  };
}
