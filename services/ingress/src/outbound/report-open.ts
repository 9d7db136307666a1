// Open attempts with holds, told to a router that is there after another was lost, again and again until it has heard all.
import type { Session } from "@waybill/rpc";
import type { Log } from "@waybill/service";
import type { OpenAttempt, RouterAnswer, RouterCall } from "@waybill/wire";

export type RouterSession = Session<RouterCall, RouterAnswer>;

export interface OpenReportOptions {
  sessions: readonly RouterSession[];
  /** Attempts with holds that a lost router may not have journaled. */
  openAttempts(): OpenAttempt[];
  timeoutMs: number;
  log: Log;
}

export interface OpenReport {
  /** A router was lost. */
  lost(): void;
  /** Reports at once if a report is due. */
  now(): void;
  stop(): void;
}

/** At most this many attempts in one report; each is a few hundred bytes and a message is bounded. */
const REPORT_MAX = 1_000;
const RETRY_MS = 500;

export function makeOpenReport({ sessions, openAttempts, timeoutMs, log }: OpenReportOptions): OpenReport {
  let isDue = false;
  let isReporting = false;
  let isStopped = false;
  let retry: NodeJS.Timeout | undefined;

  const reportTo = async (session: RouterSession): Promise<boolean> => {
    const open = openAttempts();
    for (let from = 0; from < open.length; from += REPORT_MAX) {
      const attempts = open.slice(from, from + REPORT_MAX);
      const call: RouterCall["call"] = { $case: "reportOpen", value: { attempts } };
      const outcome = await session.ask(
        (correlationId) => ({ correlationId, deadlineMs: timeoutMs, traceparent: "", call }),
        timeoutMs,
        true,
      );
      // A router without room answers a report with a refusal.
      if (outcome.kind !== "answer" || outcome.answer.answer?.$case !== "reportOpen") return false;
    }
    return true;
  };

  const report = async (): Promise<void> => {
    // Lowered first: a router that is lost from here on raises it again, and what is reported twice is harmless.
    isDue = false;
    try {
      for (const session of sessions) if (session.isOpen && (await reportTo(session))) return;
    } catch (error) {
      log.warn({ err: error }, "cannot report open attempts");
    }
    isDue = true;
  };

  const now = (): void => {
    if (!isDue || isReporting || isStopped) return;
    clearTimeout(retry);
    isReporting = true;
    void report().then(() => {
      isReporting = false;
      // A try may fail without any session breaking, so nothing but time would start the next one.
      if (isDue && !isStopped) retry = setTimeout(now, RETRY_MS);
    });
  };

  return {
    lost() {
      isDue = true;
    },
    now,
    stop() {
      isStopped = true;
      clearTimeout(retry);
    },
  };
}
