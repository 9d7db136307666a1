// What routers are told unasked: the lists of budgets and rate limits after every change, and how those in use stand.
import type { RateLimit } from "@waybill/wire";
import type { BudgetList } from "../outbound/budget-list.ts";
import type { BudgetSessions } from "./budget-sessions.ts";

/** Rounds that are driven from outside; each throws when Postgres does not answer. */
export interface BudgetPushes {
  pushList(): Promise<void>;
  pushStandings(): Promise<void>;
}

export function makeBudgetPushes(
  list: BudgetList,
  rateLimits: () => Promise<RateLimit[]>,
  sessions: BudgetSessions,
): BudgetPushes {
  let told: bigint | undefined;
  return {
    async pushList() {
      const revision = await list.revision();
      if (revision === told) return;
      sessions.setBudgets(await list.all(), await rateLimits());
      // Read before the list: a change in between is told again, never missed.
      told = revision;
    },
    async pushStandings() {
      const used = sessions.usedBudgets();
      if (used.size > 0) sessions.pushStandings(await list.standings([...used]));
    },
  };
}
