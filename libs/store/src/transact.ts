// One transaction, with a retry where Postgres says that the same statements may succeed next time.
import type { Client, Pool } from "./pool.ts";

// serialization_failure and deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html
const RETRYABLE = new Set(["40001", "40P01"]);
const UNIQUE_VIOLATION = "23505";
const TRIES_MAX = 5;

/** The SQLSTATE of a pg error, or undefined. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export interface TransactOptions {
  /** A unique violation (23505) means that somebody else was first and a second look will see it: try again. */
  retryOnUniqueViolation?: boolean;
}

/**
 * Runs `work` in a transaction and commits. Rolls back and rethrows on failure; tries again, at most 5 times in all,
 * on serialisation failures and deadlocks, so `work` must have no effect outside the transaction.
 */
export async function transact<T>(
  pool: Pool,
  work: (client: Client) => Promise<T>,
  options: TransactOptions = {},
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      const state = sqlState(error) ?? "";
      const again = RETRYABLE.has(state) || (options.retryOnUniqueViolation === true && state === UNIQUE_VIOLATION);
      if (tries >= TRIES_MAX || !again) throw error;
    }
  }
}

async function once<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away, not returned to the pool.
    await client.query("ROLLBACK").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
