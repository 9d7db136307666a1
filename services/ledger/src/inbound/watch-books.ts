// Once a UTC day is over: its link of the chain of checkpoints, and a look whether the books are right. Of several ledgers, one does it.
import type { ServiceScope } from "@waybill/service";
import type { Checkpoints } from "../outbound/postgres-checkpoints.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";

const EVERY_MS = 600_000;
/** Another ledger may have looked since; what this one saw is old then. */
const FRESH_MS = 25 * 3_600_000;

export interface BooksWatch {
  stop(): void;
}

/** Looks every ten minutes whether a day is over; what was found stands in the metrics and in the log. */
export function watchBooks(
  checkpoints: Checkpoints,
  months: PostgresMonths,
  { metrics, log }: Pick<ServiceScope, "metrics" | "log">,
): BooksWatch {
  /** Problems of each month when it was last looked at; and what is still to be looked at. */
  const problems = new Map<string, number>();
  const due = new Set<string>();
  let seenAtMs = 0;
  const isFresh = (): boolean => Date.now() - seenAtMs < FRESH_MS;
  metrics.gauge(
    "waybill_ledger_problems",
    "What the last nightly looks found wrong with the books; 0: they are right",
    () => (isFresh() ? [...problems.values()].reduce((sum, count) => sum + count, 0) : []),
  );
  metrics.gauge(
    "waybill_ledger_verified_at_seconds",
    "When this ledger last looked through the books, in Unix seconds",
    () => (seenAtMs === 0 ? [] : Math.floor(seenAtMs / 1_000)),
  );
  let [timer, isStopped]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  const seal = async (): Promise<void> => {
    for (const { day, digest, months: of } of await checkpoints.seal()) {
      const entries = Object.values(of).reduce((sum, month) => sum + month.entries, 0);
      log.info({ day, digest, entries }, "the day's checkpoint of the books");
      // What was wrong is looked at again each night, also when nothing more was booked there.
      for (const month of [...Object.keys(of), ...problems.keys()]) due.add(month);
    }
  };
  const look = async (): Promise<void> => {
    for (const month of due) {
      const found = Number((await months.verify(month)).problemCount);
      due.delete(month);
      if (found === 0) problems.delete(month);
      else problems.set(month, found);
      seenAtMs = Date.now();
      if (found > 0)
        log.error({ month, problems: found }, "the books have problems; `waybill ledger verify` names them");
    }
  };
  const round = async (): Promise<void> => {
    try {
      await seal();
      await look();
    } catch (error) {
      log.warn({ err: error }, "the books were not looked through; trying again");
    }
    if (!isStopped) timer = setTimeout(() => void round(), EVERY_MS).unref();
  };
  void round();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
