// Holds and grants past their end of life, by Postgres time, oldest first.
import type { Pool } from "@waybill/store";
import type { Expired } from "../ports.ts";

/** One round; the rest comes in the next. */
const ROUND_MAX = 500;

// An attempt has expired when the last of its open holds has.
const EXPIRED_ATTEMPTS = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at),
  found AS (
    SELECT attempt_id FROM budget.hold, clock WHERE settled_at IS NULL AND expires_at <= clock.at
    ORDER BY expires_at LIMIT ${ROUND_MAX})
  SELECT h.attempt_id, (extract(epoch FROM min(h.placed_at)) * 1000)::float8 AS placed_at_ms,
    (extract(epoch FROM max(h.expires_at)) * 1000)::float8 AS expires_at_ms,
    EXISTS (SELECT FROM budget.settled_record r WHERE r.attempt_id = h.attempt_id) AS has_record
  FROM budget.hold h, clock
  WHERE h.attempt_id IN (SELECT attempt_id FROM found) AND h.settled_at IS NULL
  GROUP BY h.attempt_id, clock.at HAVING max(h.expires_at) <= clock.at`;

const EXPIRED_GRANTS = `
  SELECT grant_id, (extract(epoch FROM granted_at) * 1000)::float8 AS granted_at_ms,
    (extract(epoch FROM last_hold_ends_at) * 1000)::float8 AS last_hold_ends_at_ms
  FROM budget.credit_grant
  WHERE cap_pico_usd > debited_pico_usd AND last_hold_ends_at <= (SELECT budget.clock())
  ORDER BY last_hold_ends_at LIMIT ${ROUND_MAX}`;

interface AttemptRow {
  attempt_id: string;
  placed_at_ms: number;
  expires_at_ms: number;
  has_record: boolean;
}

interface GrantRow {
  grant_id: string;
  granted_at_ms: number;
  last_hold_ends_at_ms: number;
}

export function findExpired(pool: Pool): Expired {
  return {
    async attempts() {
      const { rows } = await pool.query<AttemptRow>(EXPIRED_ATTEMPTS);
      return rows.map((row) => ({
        attemptId: row.attempt_id,
        placedAtMs: row.placed_at_ms,
        expiresAtMs: row.expires_at_ms,
        hasRecord: row.has_record,
      }));
    },
    async grants() {
      const { rows } = await pool.query<GrantRow>(EXPIRED_GRANTS);
      return rows.map((row) => ({
        grantId: row.grant_id,
        grantedAtMs: row.granted_at_ms,
        lastHoldEndsAtMs: row.last_hold_ends_at_ms,
      }));
    },
  };
}
