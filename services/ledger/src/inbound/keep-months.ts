// Once an hour: opens the month that is and the next one, and drops those that are older than they are kept.
import type { Log } from "@waybill/service";
import type { Pool } from "@waybill/store";

const EVERY_MS = 3_600_000;
/** After a failure. */
const AGAIN_MS = 30_000;
/** What the database keeps in any case: a year and the month that is compared with it. */
const KEPT_MIN = 13;

const OPEN = `
  SELECT ledger.open_months(ARRAY[m, m + interval '1 month']::date[])
  FROM date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AS m`;

// Only what is closed: a month that nobody has closed is kept however old it is.
const DUE = `
  SELECT to_char(month, 'YYYY-MM-DD') AS month
  FROM ledger.month WHERE dropped_at IS NULL AND month <= (SELECT max(month) FROM ledger.closed_month)
    AND month < date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') - make_interval(months => $1) ORDER BY month`;

export interface MonthKeeper {
  stop(): void;
}

/** `monthsKept` 0: for ever. */
export function keepMonths(pool: Pool, monthsKept: number, log: Log): MonthKeeper {
  let [timer, isStopped]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  const round = async (): Promise<void> => {
    let nextMs = EVERY_MS;
    try {
      await pool.query(OPEN);
      if (monthsKept > 0) {
        const { rows } = await pool.query<{ month: string }>(DUE, [Math.max(monthsKept, KEPT_MIN)]);
        for (const { month } of rows) {
          await pool.query("SELECT ledger.drop_month($1)", [month]);
          log.info({ month }, "the entries of a closed month were dropped");
        }
      }
    } catch (error) {
      nextMs = AGAIN_MS;
      log.warn({ err: error }, "months of the books are not opened or dropped; trying again");
    }
    if (!isStopped) timer = setTimeout(() => void round(), nextMs).unref();
  };
  void round();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
