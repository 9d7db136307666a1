// Months are opened and dropped, and once a day is over its books are sealed and looked through, as long as the service runs.
import type { ConfigOf, ServiceScope } from "@waybill/service";
import type { Pool } from "@waybill/store";
import type { settings } from "../config.ts";
import type { Checkpoints } from "../outbound/postgres-checkpoints.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";
import { keepMonths } from "./keep-months.ts";
import { watchBooks } from "./watch-books.ts";

export function tendMonths(
  config: ConfigOf<typeof settings>,
  scope: ServiceScope,
  pool: Pool,
  { checkpoints, months }: { checkpoints: Checkpoints; months: PostgresMonths },
): void {
  const keeper = keepMonths(pool, config.WAYBILL_LEDGER_KEEP_MONTHS, scope.log);
  const watch = watchBooks(checkpoints, months, scope);
  scope.onStop("months", () => {
    keeper.stop();
    watch.stop();
  });
}
