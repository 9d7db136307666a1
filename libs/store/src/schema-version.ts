// Is the database as new as this program? A service on an older schema is not ready and says so.
import { type MigrationSet, readMigrations } from "./migrate.ts";
import type { Pool } from "./pool.ts";

/** Undefined when the schema is what this program needs, else one sentence with the next step. */
export async function schemaProblem(pool: Pool, { owner, folder }: MigrationSet): Promise<string | undefined> {
  const needed = (await readMigrations(folder)).length;
  const advice = `run this service with --migrate and the owner's DATABASE_URL`;
  try {
    const { rows } = await pool.query<{ version: number }>(
      "SELECT coalesce(max(version), 0)::int AS version FROM waybill_meta.migration WHERE owner = $1",
      [owner],
    );
    const found = rows[0]?.version ?? 0;
    return found >= needed ? undefined : `the schema is at version ${found} and must be at ${needed}: ${advice}`;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "42P01") return `the schema is missing: ${advice}`;
    return `the database cannot be reached: ${error instanceof Error ? error.message : String(error)}`;
  }
}
