// The Postgres pool. The only place that imports pg.
import pg from "pg";

export type Pool = pg.Pool;
export type Client = pg.PoolClient;
export type Row = pg.QueryResultRow;

export interface PoolOptions {
  /** postgres:// address with the service's own role. */
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  connectionsMax: number;
  /** How long to wait for a free or new connection before the call fails. */
  connectTimeoutMs?: number;
  /** The server ends statements that run longer. 0: no limit. */
  statementTimeoutMs?: number;
  /** A statement fails here when the server has said nothing for so long, as one that is frozen does. 0: never. */
  queryTimeoutMs?: number;
  /** The server ends a session that leaves a transaction open and says nothing for so long. 0: never. */
  idleInTransactionMs?: number;
  /** Statements here read many rows: let the planner choose how. */
  readsMany?: boolean;
  /** Statements here read thousands of rows along a key: the planner chooses how, but in one process and without compiling. */
  readsAlong?: boolean;
  /** Told about connections that break while idle; the pool replaces them by itself. */
  onIdleError?: (error: Error) => void;
}

// bigint columns as bigint, never as a float; numeric stays text and is parsed where it is used.
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: unknown) {
    if (oid === pg.types.builtins.INT8) return (value: string) => BigInt(value);
    return pg.types.getTypeParser(oid, format as "text");
  },
};

// Our statements find rows by key, a few among very many. On young tables, whose statistics are missing, the planner would
// rather read all of them; and a plan that it was talked out of looks so expensive that it would be compiled first.
const PLAN_BY_KEY =
  "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan";

const PLAN_ALONG = "-c jit=off -c max_parallel_workers_per_gather=0";

/** Opens a pool. Connections are made on first use. */
export function openPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.connectionsMax,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 2_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    query_timeout: options.queryTimeoutMs ?? 0,
    idle_in_transaction_session_timeout: options.idleInTransactionMs ?? 0,
    ...(options.readsMany ? {} : { options: options.readsAlong ? PLAN_ALONG : PLAN_BY_KEY }),
    keepAlive: true,
    types,
  });
  pool.on("error", (error) => {
    // pg hangs the whole connection on it, which a log would show.
    if ("client" in error) delete error.client;
    options.onIdleError?.(error);
  });
  // A connection that breaks while it is in use says so twice: to the call that uses it, and as an event that would end
  // the process if nobody listened.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** One connection outside any pool, for migrations and tools. The caller ends it. */
export async function connectOnce(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    types,
  });
  await client.connect();
  return client;
}
