// Which window of a budget is current, by Postgres time. Missing rows, of limits' counters too, are made here, in transactions of
// their own, so that the batch that needs them only ever locks rows that exist, in id order.
import type { Pool } from "@waybill/store";
import type { LimitSpec } from "../core/operation.ts";
import type { LimitCounters } from "./limit-counters.ts";

const FIND = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at)
  SELECT b.id AS budget_id, b.limit_pico_usd, w.id AS window_id
  FROM clock CROSS JOIN budget.budget b
  LEFT JOIN budget.budget_window w
    ON w.budget_id = b.id AND w.starts_at = budget.window_start(b.window_kind, b.window_seconds, clock.at)
  WHERE b.id = ANY($1)`;

// In the order of the budgets' ids, as everybody locks them.
const MAKE = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at)
  INSERT INTO budget.budget_window (budget_id, starts_at, ends_at, limit_pico_usd)
  SELECT b.id, s.starts_at, budget.window_end(b.window_kind, b.window_seconds, s.starts_at), b.limit_pico_usd
  FROM clock CROSS JOIN budget.budget b
  CROSS JOIN LATERAL (SELECT budget.window_start(b.window_kind, b.window_seconds, clock.at) AS starts_at) s
  WHERE b.id = ANY($1) ORDER BY b.id
  ON CONFLICT (budget_id, starts_at) DO NOTHING`;

/** The turn of a window may fall between making and finding; it does so at most once in a row. */
const TRIES_MAX = 3;

interface Found {
  budget_id: string;
  limit_pico_usd: string;
  window_id: bigint | null;
}

/**
 * Budget id -> id of its current window. Budgets that do not exist are absent, and so are counters in `limits` for which their
 * organisation has no room.
 */
export async function findCurrentWindows(
  pool: Pool,
  budgetIds: Iterable<string>,
  limits: ReadonlyMap<string, LimitSpec>,
  counters: LimitCounters,
): Promise<Map<string, bigint>> {
  const ids = [...budgetIds];
  const found = new Map<string, bigint>();
  if (ids.length === 0) return found;
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const { rows } = await pool.query<Found>({ name: "find-current-windows", text: FIND, values: [ids] });
    const amounts = new Map<string, bigint>();
    const missing = [];
    for (const { budget_id, limit_pico_usd, window_id } of rows) {
      amounts.set(budget_id, BigInt(limit_pico_usd));
      if (window_id === null) missing.push(budget_id);
      else found.set(budget_id, window_id);
    }
    if (tries > 1) {
      for (const [id, { organisationId }] of limits) if (!amounts.has(id)) counters.isFull(organisationId);
    }
    missing.push(...(await counters.make(pool, limits, amounts)));
    if (missing.length === 0) break;
    await pool.query(MAKE, [missing]);
  }
  return found;
}
