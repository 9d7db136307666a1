// The ledger's connections to Postgres: those of money, and those of everything else, which money never has to wait for.
import type { ConfigOf, ServiceScope } from "@waybill/service";
import { openPool, type Pool } from "@waybill/store";
import type { settings } from "../config.ts";

/** One to keep decisions, one to forget them, the others for questions. */
const REQUESTS_CONNECTIONS = 5;
/** A question that takes longer is given up; whoever asked waits no longer either. */
const REQUESTS_STATEMENT_MS = 10_000;
/** For looking through whole months: one at a time, and each as long as it takes within this. */
const MONTHS_CONNECTIONS = 1;
const MONTHS_STATEMENT_MS = 600_000;

/** Opens them; they end with the service. */
export function openPools(
  config: ConfigOf<typeof settings>,
  { log, serviceId, onStop }: ServiceScope,
): { books: Pool; requests: Pool; months: Pool } {
  const url = config.DATABASE_URL.reveal();
  const onIdleError = (error: Error): void => log.warn({ err: error }, "a database connection broke");
  // One for each batch in work, and one to look whether the database is there.
  const connectionsMax = config.WAYBILL_LEDGER_WRITERS + 1;
  const books = openPool({ url, applicationName: serviceId, connectionsMax, onIdleError });
  const requests = openPool({
    url,
    applicationName: `${serviceId} requests`,
    connectionsMax: REQUESTS_CONNECTIONS,
    statementTimeoutMs: REQUESTS_STATEMENT_MS,
    onIdleError,
  });
  const months = openPool({
    url,
    applicationName: `${serviceId} months`,
    connectionsMax: MONTHS_CONNECTIONS,
    statementTimeoutMs: MONTHS_STATEMENT_MS,
    onIdleError,
  });
  onStop("postgres", async () => {
    await Promise.all([books.end(), requests.end(), months.end()]);
  });
  return { books, requests, months };
}
