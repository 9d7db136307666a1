// The list of budgets and how each stands, for routers, tools and metrics.
import type { Pool, Row } from "@waybill/store";
import type { Budget } from "@waybill/wire";
import type { Standing } from "../core/operation.ts";
import { BUDGET_COLUMNS, toWireBudget } from "./to-wire-budget.ts";

export interface BudgetList {
  /** Raised by every change of the list. */
  revision(): Promise<bigint>;
  all(): Promise<Budget[]>;
  /** Standing by budget id, of these or (undefined) of all budgets, at most BUDGETS_MAX. */
  standings(budgetIds: readonly string[] | undefined): Promise<Map<string, Standing>>;
  /** What people administer, with the kind of window. `organisationId` empty: all organisations. */
  administered(organisationId: string): Promise<AdministeredBudget[]>;
}

interface AdministeredBudget {
  budget: Budget;
  windowKind: string;
  /** 0: not a fixed window. */
  windowSeconds: bigint;
}

/** What fits one message of the session. */
const BUDGETS_MAX = 10_000;

const SELECT_BUDGETS = `
  SELECT ${BUDGET_COLUMNS} FROM budget.budget WHERE origin = 'admin' ORDER BY id LIMIT ${BUDGETS_MAX}`;

const SELECT_STANDINGS = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at)
  SELECT b.id, b.limit_pico_usd, w.id AS window_id, w.posted_pico_usd, w.held_pico_usd, w.granted_pico_usd,
    (extract(epoch FROM budget.window_end(b.window_kind, b.window_seconds, s.starts_at)) * 1000)::float8 AS ends_at_ms
  FROM clock CROSS JOIN budget.budget b
  CROSS JOIN LATERAL (SELECT budget.window_start(b.window_kind, b.window_seconds, clock.at) AS starts_at) s
  LEFT JOIN budget.budget_window w ON w.budget_id = b.id AND w.starts_at = s.starts_at
  WHERE CASE WHEN $1::text[] IS NULL THEN b.origin = 'admin' ELSE b.id = ANY($1) END ORDER BY b.id LIMIT ${BUDGETS_MAX}`;

interface StandingRow {
  id: string;
  limit_pico_usd: string;
  window_id: bigint | null;
  posted_pico_usd: string | null;
  held_pico_usd: string | null;
  granted_pico_usd: string | null;
  ends_at_ms: number | null;
}

export function budgetList(pool: Pool): BudgetList {
  return {
    async revision() {
      const { rows } = await pool.query<{ revision: bigint }>("SELECT revision FROM budget.revision");
      return rows[0]?.revision ?? 0n;
    },
    async all() {
      return (await pool.query<Row>(SELECT_BUDGETS)).rows.map(toWireBudget);
    },
    async administered(organisationId) {
      const { rows } = await pool.query<Row>(SELECT_BUDGETS);
      return rows
        .filter((row) => organisationId === "" || row.organisation_id === organisationId)
        .map((row) => ({
          budget: toWireBudget(row),
          windowKind: row.window_kind as string,
          windowSeconds: BigInt(row.window_seconds ?? 0),
        }));
    },
    async standings(budgetIds) {
      const { rows } = await pool.query<StandingRow>({
        name: "standings",
        text: SELECT_STANDINGS,
        values: [budgetIds ?? null],
      });
      return new Map(rows.map((row) => [row.id, toStanding(row)]));
    },
  };
}

function toStanding(row: StandingRow): Standing {
  return {
    budgetId: row.id,
    windowId: row.window_id ?? 0n,
    limitPicoUsd: BigInt(row.limit_pico_usd),
    postedPicoUsd: BigInt(row.posted_pico_usd ?? 0),
    heldPicoUsd: BigInt(row.held_pico_usd ?? 0),
    grantedPicoUsd: BigInt(row.granted_pico_usd ?? 0),
    resetsAtMs: row.ends_at_ms ?? undefined,
  };
}
