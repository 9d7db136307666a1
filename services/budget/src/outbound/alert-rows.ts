// Alerts as they are kept: listed, and those that the bus has not been told of yet.
import type { Pool, Row } from "@waybill/store";
import type { RaisedAlert } from "../core/cloud-event.ts";

const COLUMNS = `a.id, a.kind, a.organisation_id, a.budget_id, a.summary, a.data,
  (extract(epoch FROM a.raised_at) * 1000)::float8 AS raised_at_ms`;

/** In one round; the next follows at once. */
const PUBLISHED_AT_ONCE = 100;

interface AlertFilter {
  /** Empty: any. */
  organisationId: string;
  budgetId: string;
  kind: string;
  beforeId: string;
  limit: number;
}

export interface AlertRows {
  /** Newest first. */
  list(filter: AlertFilter): Promise<RaisedAlert[]>;
  /** Oldest first; processes may be given the same. */
  unpublished(): Promise<RaisedAlert[]>;
  setPublished(ids: readonly string[]): Promise<void>;
}

// Ids are UUIDv7, so a page goes on below the last one's time and id.
const LIST = `
  SELECT ${COLUMNS} FROM budget.alert a
  WHERE ($1 = '' OR a.organisation_id = $1) AND ($2 = '' OR a.budget_id = $2) AND ($3 = '' OR a.kind = $3)
    AND ($4 = '' OR (a.raised_at, a.id) < (SELECT b.raised_at, b.id FROM budget.alert b WHERE b.id = $4))
  ORDER BY a.raised_at DESC, a.id DESC LIMIT $5`;
const UNPUBLISHED = `
  SELECT ${COLUMNS} FROM budget.alert a WHERE a.published_at IS NULL ORDER BY a.raised_at LIMIT ${PUBLISHED_AT_ONCE}`;
const PUBLISHED = "UPDATE budget.alert SET published_at = budget.clock() WHERE id = ANY ($1)";

export function alertRows(pool: Pool): AlertRows {
  return {
    async list({ organisationId, budgetId, kind, beforeId, limit }) {
      const { rows } = await pool.query<Row>(LIST, [organisationId, budgetId, kind, beforeId, limit]);
      return rows.map(toAlert);
    },
    async unpublished() {
      return (await pool.query<Row>(UNPUBLISHED)).rows.map(toAlert);
    },
    async setPublished(ids) {
      await pool.query(PUBLISHED, [ids]);
    },
  };
}

export function toAlert(row: Row): RaisedAlert {
  return {
    id: row.id,
    kind: row.kind,
    organisationId: row.organisation_id,
    budgetId: row.budget_id,
    raisedAt: new Date(row.raised_at_ms).toISOString(),
    summary: row.summary,
    data: row.data,
  };
}
