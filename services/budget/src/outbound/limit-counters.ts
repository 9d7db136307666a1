// Counters of limit nodes, made before the batch that first needs them. What was made is remembered for a while, so that a counter in
// use costs nothing here.
import type { Pool } from "@waybill/store";
import type { LimitSpec } from "../core/operation.ts";

export interface LimitCounters {
  /** Makes those that do not exist, and gives the others their amount. */
  make(pool: Pool, limits: ReadonlyMap<string, LimitSpec>): Promise<void>;
}

/** Much shorter than the time after which an unused counter is forgotten. */
const REMEMBER_MS = 10 * 60_000;
const REMEMBERED_MAX = 100_000;

const MAKE =
  "SELECT budget.make_limits($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::numeric[])";

export function limitCounters(monotonicMs: () => number): LimitCounters {
  /** Id -> the amount it was given, and until when that is remembered; the oldest first. */
  const made = new Map<string, { amount: bigint; untilMs: number }>();
  return {
    async make(pool, limits) {
      const nowMs = monotonicMs();
      const missing = [...limits].filter(([id, { amount }]) => {
        const known = made.get(id);
        return known?.amount !== amount || known.untilMs <= nowMs;
      });
      if (missing.length === 0) return;
      await pool.query({ name: "make-limits", text: MAKE, values: columnsOf(missing) });
      for (const [id, { amount }] of missing) {
        made.delete(id);
        made.set(id, { amount, untilMs: nowMs + REMEMBER_MS });
      }
      for (const id of made.keys()) {
        if (made.size <= REMEMBERED_MAX) break;
        made.delete(id);
      }
    },
  };
}

function columnsOf(limits: readonly [string, LimitSpec][]): unknown[] {
  const column = (read: (limit: LimitSpec) => unknown): unknown[] => limits.map(([, limit]) => read(limit));
  return [
    limits.map(([id]) => id),
    column(({ name }) => name),
    column(({ organisationId }) => organisationId),
    column(({ route }) => route),
    column(({ unit }) => unit),
    column(({ windowKind }) => windowKind),
    column(({ windowSeconds }) => windowSeconds),
    column(({ amount }) => amount),
  ];
}
