// Counters of limit nodes, made before the batch that first needs them, as far as their organisation has room for more.
import type { Pool } from "@waybill/store";
import type { LimitSpec } from "../core/operation.ts";

export interface LimitCounters {
  /**
   * Makes those that do not exist and gives the others their amount. `amounts`: what those that exist say now. Returns the ids of
   * those that it tried to make or change.
   */
  make(
    pool: Pool,
    limits: ReadonlyMap<string, LimitSpec>,
    amounts: ReadonlyMap<string, bigint>,
  ): Promise<readonly string[]>;
  /** It has as many as it may have: for a moment nobody asks Postgres for another one. */
  isFull(organisationId: string): void;
}

const FULL_MS = 1_000;

const MAKE =
  "SELECT budget.make_limits($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::numeric[])";

export function limitCounters(monotonicMs: () => number): LimitCounters {
  /** Organisation -> until when. */
  const full = new Map<string, number>();
  const hasRoom = ({ organisationId }: LimitSpec): boolean => {
    const untilMs = full.get(organisationId);
    if (untilMs === undefined) return true;
    if (monotonicMs() < untilMs) return false;
    full.delete(organisationId);
    return true;
  };
  return {
    async make(pool, limits, amounts) {
      const wanted = [...limits].filter(([id, limit]) => {
        const amount = amounts.get(id);
        return amount === undefined ? hasRoom(limit) : amount !== limit.amount;
      });
      if (wanted.length > 0) await pool.query({ name: "make-limits", text: MAKE, values: columnsOf(wanted) });
      return wanted.map(([id]) => id);
    },
    isFull(organisationId) {
      full.set(organisationId, monotonicMs() + FULL_MS);
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
