// The list of budgets and how each stands, for routers, tools and metrics.
import type { Pool, Row } from "@waybill/store";
import type { Budget } from "@waybill/wire";
import type { Spend } from "../core/burn.ts";
import type { Standing } from "../core/operation.ts";
import { age, leavesAtMs } from "../core/rolling.ts";
import { rollingOf } from "./read-books.ts";
import { spendOf } from "./spend-rows.ts";
import { BUDGET_COLUMNS, toWireBudget } from "./to-wire-budget.ts";

export interface BudgetList {
  /** Raised by every change of the list. */
  revision(): Promise<bigint>;
  all(): Promise<Budget[]>;
  /** Standing by budget id, of these or (undefined) of all budgets that people administer, at most BUDGETS_MAX. */
  standings(budgetIds: readonly string[] | undefined): Promise<Map<string, Standing>>;
  /** Of a template's counters, the most used first, at most COUNTERS_MAX. */
  standingsOfTemplate(templateId: string): Promise<Map<string, Standing>>;
  /** How much each has spent lately; of those that have. */
  spend(budgetIds: readonly string[]): Promise<ReadonlyMap<string, Spend>>;
  /** What people administer, with the kind of window. `organisationId` empty: all organisations. */
  administered(organisationId: string): Promise<AdministeredBudget[]>;
}

interface AdministeredBudget {
  budget: Budget;
  windowKind: string;
  /** 0: not a fixed or rolling window. */
  windowSeconds: bigint;
}

/** What fits one message of the session. */
const BUDGETS_MAX = 10_000;
/** What fits one answer. */
const COUNTERS_MAX = 5_000;

const SELECT_BUDGETS = `
  SELECT ${BUDGET_COLUMNS} FROM budget.budget WHERE origin = 'admin' ORDER BY id LIMIT ${BUDGETS_MAX}`;

/** A window that nobody has begun yet stands as it would begin. */
const STANDINGS = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at)
  SELECT b.id, b.template_value, r.unit, coalesce(w.limit_pico_usd, r.limit_pico_usd) AS limit_pico_usd,
    CASE WHEN r.raise_until > clock.at THEN r.raise_by ELSE 0 END AS raise_by,
    coalesce(w.carried_in_pico_usd, budget.carried_into(b.id, r, s.starts_at)) AS carried_in_pico_usd,
    w.id AS window_id, w.posted_pico_usd, w.held_pico_usd, w.granted_pico_usd, w.bucket_first, w.buckets::text[] AS buckets,
    (extract(epoch FROM w.starts_at) * 1000)::float8 AS starts_at_ms,
    (extract(epoch FROM coalesce(w.ends_at, budget.window_end(r, s.starts_at))) * 1000)::float8 AS ends_at_ms,
    (extract(epoch FROM clock.at) * 1000)::float8 AS now_ms
  FROM clock CROSS JOIN budget.budget b JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  CROSS JOIN LATERAL (SELECT budget.window_start(r, clock.at) AS starts_at) s
  LEFT JOIN LATERAL budget.current_window(b.id, r, clock.at) w ON true`;

const SELECT_STANDINGS = `${STANDINGS}
  WHERE CASE WHEN $1::text[] IS NULL THEN b.origin = 'admin' ELSE b.id = ANY($1) END ORDER BY b.id LIMIT ${BUDGETS_MAX}`;

const SELECT_STANDINGS_OF_TEMPLATE = `${STANDINGS}
  WHERE b.template_id = $1
  ORDER BY coalesce(w.posted_pico_usd + w.held_pico_usd + w.granted_pico_usd, 0) DESC, b.id LIMIT ${COUNTERS_MAX}`;

export function budgetList(pool: Pool): BudgetList {
  const standings = async (name: string, text: string, value: unknown): Promise<Map<string, Standing>> => {
    const { rows } = await pool.query<Row>({ name, text, values: [value] });
    return new Map(rows.map((row) => [row.id as string, toStanding(row)]));
  };
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
    standings: (budgetIds) => standings("standings", SELECT_STANDINGS, budgetIds ?? null),
    spend: (budgetIds) => spendOf(pool, budgetIds),
    standingsOfTemplate: (id) => standings("standings-of-template", SELECT_STANDINGS_OF_TEMPLATE, id),
  };
}

function toStanding(row: Row): Standing {
  const carriedInPicoUsd = BigInt(row.carried_in_pico_usd);
  const rolling = row.window_id === null ? undefined : rollingOf(row.starts_at_ms, row);
  const left = rolling ? age(rolling, row.now_ms) : 0n;
  return {
    budgetId: row.id,
    windowId: row.window_id ?? 0n,
    limitPicoUsd: BigInt(row.limit_pico_usd) + carriedInPicoUsd + BigInt(row.raise_by),
    postedPicoUsd: BigInt(row.posted_pico_usd ?? 0) - left,
    heldPicoUsd: BigInt(row.held_pico_usd ?? 0),
    grantedPicoUsd: BigInt(row.granted_pico_usd ?? 0),
    carriedInPicoUsd,
    unit: row.unit,
    templateValue: row.template_value,
    resetsAtMs: rolling ? leavesAtMs(rolling, 1n) : (row.ends_at_ms ?? undefined),
    isRolling: rolling !== undefined,
  };
}
