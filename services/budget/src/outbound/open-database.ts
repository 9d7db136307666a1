// The pool of this process and the watch over its readiness.
import type { ConfigOf, ServiceScope } from "@waybill/service";
import { openPool, type Pool } from "@waybill/store";
import { migrations, type settings } from "../config.ts";
import { type DatabaseWatch, watchDatabase } from "./watch-database.ts";

/** One for the writer; the others for reads, reaping and readiness. */
const CONNECTIONS_MAX = 5;
/** A frozen server is noticed after this long; no statement of ours takes a second. */
const QUERY_TIMEOUT_MS = 10_000;

export function openDatabase(
  config: ConfigOf<typeof settings>,
  { serviceId, health, log, onStop }: ServiceScope,
): { pool: Pool; database: DatabaseWatch } {
  const pool = openPool({
    url: config.DATABASE_URL.reveal(),
    applicationName: serviceId,
    connectionsMax: CONNECTIONS_MAX,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    onIdleError: (error) => log.warn({ err: error }, "a database connection broke"),
  });
  onStop("postgres", () => pool.end());
  const database = watchDatabase(pool, migrations, {
    postgres: health.condition("postgres"),
    schema: health.condition("schema", "not looked at yet"),
  });
  onStop("database watch", () => database.stop());
  return { pool, database };
}
