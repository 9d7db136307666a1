// Readiness of the database: can it be reached, and is its schema as new as this program.
import type { ReadyCondition } from "@waybill/service";
import { type MigrationSet, type Pool, schemaProblem } from "@waybill/store";

const LOOK_EVERY_MS = 1_000;

export interface DatabaseWatch {
  /** What the last look said. */
  readonly isReady: boolean;
  stop(): void;
}

export function watchDatabase(
  pool: Pool,
  migrations: MigrationSet,
  conditions: { postgres: ReadyCondition; schema: ReadyCondition },
): DatabaseWatch {
  let isReady = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      await pool.query("SELECT 1");
      conditions.postgres.set(true);
      // The schema only ever grows: once it is right it stays so.
      const problem = isReady ? undefined : await schemaProblem(pool, migrations);
      conditions.schema.set(problem === undefined, problem);
      isReady = problem === undefined;
    } catch (error) {
      isReady = false;
      const detail = error instanceof Error ? error.message : String(error);
      conditions.postgres.set(false, `cannot be reached, trying again; check DATABASE_URL: ${detail}`);
    }
    if (!stopped) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
  };
  void look();
  return {
    get isReady() {
      return isReady;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
