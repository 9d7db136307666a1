// The ledger's connections to Postgres: those of money, and those of everything else, which money never has to wait for.
import type { ConfigOf, ServiceScope } from "@waybill/service";
import { openPool, type Pool } from "@waybill/store";
import type { settings } from "../config.ts";

/** One to keep decisions, one to forget them, the others for questions. */
const REQUESTS_CONNECTIONS = 5;
/** Questions about spend read many rows: few at a time, and none of them takes a connection of decisions. */
const SPEND_CONNECTIONS = 2;
/** Whoever looks for a request waits for nobody who sums spend. */
const SEARCH_CONNECTIONS = 2;
/** A question that takes longer is given up; whoever asked waits no longer either. */
const QUESTION_MS = 10_000;
/** One tells the bus, the others answer those who read the books page by page. */
const EVENTS_CONNECTIONS = 3;
/** One for each backtest that is read; a page that takes longer is given up. */
const RECORDED_CONNECTIONS = 2;
const RECORDED_PAGE_MS = 60_000;
/** For looking through whole months, for closing one meanwhile, and to open the next. */
const MONTHS_CONNECTIONS = 3;
const MONTHS_STATEMENT_MS = 600_000;
/** Who books or closes holds a lock that everybody else who books waits for; a process that is frozen must not keep it. */
const IDLE_IN_TRANSACTION_MS = 15_000;

export interface Pools {
  books: Pool;
  requests: Pool;
  spend: Pool;
  search: Pool;
  events: Pool;
  months: Pool;
  recorded: Pool;
}

/** Opens them; they end with the service. */
export function openPools(config: ConfigOf<typeof settings>, { log, serviceId, onStop }: ServiceScope): Pools {
  const url = config.DATABASE_URL.reveal();
  const onIdleError = (error: Error): void => log.warn({ err: error }, "a database connection broke");
  const common = { url, onIdleError, idleInTransactionMs: IDLE_IN_TRANSACTION_MS };
  // One for each batch in work, and one to look whether the database is there.
  const connectionsMax = config.WAYBILL_LEDGER_WRITERS + 1;
  const books = openPool({ ...common, applicationName: serviceId, connectionsMax });
  const requests = openPool({
    ...common,
    applicationName: `${serviceId} requests`,
    connectionsMax: REQUESTS_CONNECTIONS,
    statementTimeoutMs: QUESTION_MS,
  });
  const spend = openPool({
    ...common,
    applicationName: `${serviceId} spend`,
    connectionsMax: SPEND_CONNECTIONS,
    statementTimeoutMs: QUESTION_MS,
    readsMany: true,
  });
  const search = openPool({
    ...common,
    applicationName: `${serviceId} search`,
    connectionsMax: SEARCH_CONNECTIONS,
    statementTimeoutMs: QUESTION_MS,
    readsAlong: true,
  });
  const events = openPool({
    ...common,
    applicationName: `${serviceId} events`,
    connectionsMax: EVENTS_CONNECTIONS,
    statementTimeoutMs: QUESTION_MS,
  });
  const months = openPool({
    ...common,
    applicationName: `${serviceId} months`,
    connectionsMax: MONTHS_CONNECTIONS,
    statementTimeoutMs: MONTHS_STATEMENT_MS,
    readsMany: true,
  });
  const recorded = openPool({
    ...common,
    applicationName: `${serviceId} backtests`,
    connectionsMax: RECORDED_CONNECTIONS,
    statementTimeoutMs: RECORDED_PAGE_MS,
  });
  onStop("postgres", async () => {
    await Promise.all([books, requests, spend, search, events, months, recorded].map((pool) => pool.end()));
  });
  return { books, requests, spend, search, events, months, recorded };
}
