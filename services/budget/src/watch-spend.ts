// THE STORY of an alert: what was spent since the last look is looked at, by one process at a time -> thresholds, and now and then
// projections, burn and sessions, are judged -> what follows is written once, together with what webhooks are to be told.
import type { Alert, AlertKind, Watched } from "./core/alert.ts";
import { NO_SPEND, type Spend } from "./core/burn.ts";
import { judgeBurn, judgeProjection, judgeSession, judgeThresholds, type SessionTrail } from "./core/judge-spend.ts";

/** What is read and written in one transaction, alone. */
interface LookDesk {
  /** By Postgres time, Unix milliseconds. */
  nowMs: number;
  /** Windows of budgets in which something was spent since the last look. */
  touched(): Promise<Watched[]>;
  spendOf(budgetIds: readonly string[]): Promise<ReadonlyMap<string, Spend>>;
  sessions(): Promise<SessionTrail[]>;
  /** Those that were told before are left out of the answer. */
  raise(alerts: readonly Alert[]): Promise<{ id: string; kind: AlertKind }[]>;
}

export interface SpendDesk {
  /** Undefined: another process is at it. */
  alone<T>(work: (desk: LookDesk) => Promise<T>): Promise<T | undefined>;
}

/** `isThorough`: more than thresholds. The kinds of the alerts that were raised. */
export async function watchSpend(spendDesk: SpendDesk, isThorough: boolean): Promise<readonly AlertKind[]> {
  const raised = await spendDesk.alone(async (desk) => {
    const { nowMs } = desk;
    const touched = await desk.touched();
    const alerts = touched.flatMap((of) => judgeThresholds(of, nowMs));
    if (isThorough) {
      const current = touched.filter(({ windowEndsAtMs }) => windowEndsAtMs === undefined || windowEndsAtMs > nowMs);
      const spend = await desk.spendOf(current.map(({ budgetId }) => budgetId));
      for (const of of current) {
        const spent = spend.get(of.budgetId) ?? NO_SPEND;
        alerts.push(...judgeProjection(of, spent, nowMs), ...judgeBurn(of, spent, nowMs));
      }
      alerts.push(...(await desk.sessions()).flatMap((trail) => judgeSession(trail, nowMs)));
    }
    return desk.raise(alerts);
  });
  return (raised ?? []).map(({ kind }) => kind);
}
