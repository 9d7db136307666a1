// Once a UTC day is over: its link of the chain of checkpoints, and a look whether the books are right. Of several ledgers, one does it.
import type { ServiceScope } from "@waybill/service";
import type { Checkpoints } from "../outbound/postgres-checkpoints.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";

const EVERY_MS = 600_000;

export interface BooksWatch {
  stop(): void;
}

/** Looks every ten minutes whether a day is over; what was found stands in the metrics and in the log. */
export function watchBooks(
  checkpoints: Checkpoints,
  months: PostgresMonths,
  { metrics, log }: Pick<ServiceScope, "metrics" | "log">,
): BooksWatch {
  let seen: { problems: number; atMs: number } | undefined;
  metrics.gauge(
    "waybill_ledger_problems",
    "What the last nightly look found wrong with the books; 0: they are right",
    () => (seen ? seen.problems : []),
  );
  metrics.gauge(
    "waybill_ledger_verified_at_seconds",
    "When this ledger last looked through the books, in Unix seconds",
    () => (seen ? Math.floor(seen.atMs / 1_000) : []),
  );
  let [timer, isStopped]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  const round = async (): Promise<void> => {
    try {
      const sealed = await checkpoints.seal();
      for (const { day, digest, months: of } of sealed) {
        const entries = Object.values(of).reduce((sum, month) => sum + month.entries, 0);
        log.info({ day, digest, entries }, "the day's checkpoint of the books");
      }
      const touched = new Set(sealed.flatMap(({ months: of }) => Object.keys(of)));
      let problems = 0;
      for (const month of touched) problems += Number((await months.verify(month)).problemCount);
      if (touched.size > 0) seen = { problems, atMs: Date.now() };
      if (problems > 0) log.error({ problems }, "the books have problems; `waybill ledger verify` names them");
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
