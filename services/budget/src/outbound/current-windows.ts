// Which window of a counter is current, by Postgres time. Missing rows, of limits' and templates' counters too, are made here, in
// transactions of their own, so that the batch that needs them only ever locks rows that exist, in id order.
import type { Pool } from "@waybill/store";
import type { UnmadeCounter } from "../core/books.ts";
import type { WantedCounters } from "../core/needs.ts";
import type { LimitCounters } from "./limit-counters.ts";

const FIND = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at)
  SELECT b.id AS budget_id, b.limit_pico_usd, w.id AS window_id
  FROM clock CROSS JOIN budget.budget b JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  LEFT JOIN LATERAL budget.current_window(b.id, r, clock.at) w ON true
  WHERE b.id = ANY($1)`;

const BEGIN = "SELECT budget.begin_windows($1::text[])";

/** The turn of a window may fall between making and finding; it does so at most once in a row. */
const TRIES_MAX = 3;

interface Found {
  budget_id: string;
  limit_pico_usd: string;
  window_id: bigint | null;
}

export interface CurrentWindows {
  /** Budget id -> id of its current window. Budgets that do not exist are absent. */
  windows: Map<string, bigint>;
  /** Counters that were wanted and for which their organisation has no room. */
  unmade: Map<string, UnmadeCounter>;
}

export async function findCurrentWindows(
  pool: Pool,
  budgetIds: Iterable<string>,
  wanted: WantedCounters,
  counters: LimitCounters,
): Promise<CurrentWindows> {
  const ids = [...budgetIds];
  const windows = new Map<string, bigint>();
  if (ids.length === 0) return { windows, unmade: new Map() };
  const amounts = new Map<string, bigint>();
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const { rows } = await pool.query<Found>({ name: "find-current-windows", text: FIND, values: [ids] });
    amounts.clear();
    const missing = [];
    for (const { budget_id, limit_pico_usd, window_id } of rows) {
      amounts.set(budget_id, BigInt(limit_pico_usd));
      if (window_id === null) missing.push(budget_id);
      else windows.set(budget_id, window_id);
    }
    if (tries > 1) counters.wereFull(wanted, amounts);
    missing.push(...(await counters.make(pool, wanted, amounts)));
    if (missing.length === 0) break;
    await pool.query({ name: "begin-windows", text: BEGIN, values: [missing] });
  }
  return { windows, unmade: await counters.describe(pool, wanted, amounts) };
}
