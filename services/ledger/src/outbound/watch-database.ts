// Readiness of the database: can it be reached, and is its schema as new as this program.
import type { ReadyCondition } from "@waybill/service";
import { type MigrationSet, type Pool, schemaProblem } from "@waybill/store";

const LOOK_AGAIN_MS = 1_000;

export interface DatabaseWatch {
  /** Resolves when the schema is there for the first time. */
  ready: Promise<void>;
  stop(): void;
}

export function watchDatabase(
  pool: Pool,
  migrations: MigrationSet,
  conditions: { postgres: ReadyCondition; schema: ReadyCondition },
): DatabaseWatch {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let onReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const look = async (): Promise<void> => {
    try {
      await pool.query("SELECT 1");
      conditions.postgres.set(true);
      const problem = await schemaProblem(pool, migrations);
      conditions.schema.set(problem === undefined, problem);
      if (problem === undefined) onReady();
    } catch (error) {
      conditions.postgres.set(false, `cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!stopped) timer = setTimeout(() => void look(), LOOK_AGAIN_MS);
  };
  void look();
  return {
    ready,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
