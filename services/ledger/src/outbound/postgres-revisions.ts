// Revisions in Postgres: written down once under their name, whoever makes them; and what waits for a price.
import { uuidV7TimeMs } from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { UsageRecord } from "@waybill/wire";
import { requestMonth } from "../core/months.ts";
import type { RepriceWish } from "../reprice.ts";

const GIVEN = "unnest($1::date[], $2::uuid[], $3::smallint[], $4::text[])";
const NAMES = "(request_month, request_id, attempt, source)";
const KEEP = `
  INSERT INTO ledger.revision (request_month, request_id, attempt, source, record, because, made_by, reason)
  SELECT g.*, $6, $7, $8 FROM unnest($1::date[], $2::uuid[], $3::smallint[], $4::text[], $5::bytea[]) AS g
  ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING`;
// A statement of its own: one that inserts does not see what another wrote meanwhile.
const KEPT = `SELECT r.record FROM ${GIVEN} AS g ${NAMES} JOIN ledger.revision r USING ${NAMES}`;

/** Models of attempts without a price, of the months whose entries are there; those of simulated providers, too. */
const WAITING = `
  SELECT r.provider, r.model, sum(d.unpriced_attempts)::bigint AS attempts,
    sum(d.input_tokens)::bigint AS input_tokens, sum(d.output_tokens)::bigint AS output_tokens,
    min(d.day)::text AS first_day, max(d.day)::text AS last_day
  FROM ledger.usage_day d
  JOIN ledger.month m ON m.month = d.request_month AND m.dropped_at IS NULL
  JOIN ledger.routing r ON r.id = d.routing_id
  WHERE d.unpriced_attempts <> 0
    AND ($1 = '' OR EXISTS (SELECT FROM ledger.attribution a WHERE a.id = d.attribution_id AND a.organisation_id = $1))
  GROUP BY r.provider, r.model HAVING sum(d.unpriced_attempts) > 0 ORDER BY attempts DESC, 1, 2 LIMIT ${1_000}`;

/** Attempts of a model that have no price. */
export interface WaitingModel {
  provider: string;
  model: string;
  attempts: bigint;
  inputTokens: bigint;
  outputTokens: bigint;
  /** UTC days of the first and the last request, "2026-11-28". */
  firstDay: string;
  lastDay: string;
}

/** At most 1000 models, those with the most attempts first; of one organisation, or of all (""). */
export async function waitingModels(pool: Pool, organisationId: string): Promise<WaitingModel[]> {
  const { rows } = await pool.query(WAITING, [organisationId]);
  return rows.map((row: Row) => ({
    ...{ provider: row.provider, model: row.model, attempts: row.attempts },
    ...{ inputTokens: row.input_tokens, outputTokens: row.output_tokens },
    ...{ firstDay: row.first_day, lastDay: row.last_day },
  }));
}

/** Returns them as they are written down: one of the same name that was there before instead of the given one. */
export async function keepRevisions(
  pool: Pool,
  revisions: readonly UsageRecord[],
  { because, by, reason }: RepriceWish,
): Promise<Uint8Array[]> {
  const names = [
    revisions.map(({ requestId }) => requestMonth({ requestedAtMs: uuidV7TimeMs(requestId) ?? 0 })),
    revisions.map(({ requestId }) => requestId),
    revisions.map(({ attempt }) => attempt),
    revisions.map((record) => record.recordId.slice(record.attemptId.length + 1)),
  ];
  const records = revisions.map((record) => Buffer.from(UsageRecord.encode(record).finish()));
  await pool.query(KEEP, [...names, records, because, by, reason]);
  const { rows } = await pool.query<{ record: Uint8Array }>(KEPT, names);
  return rows.map(({ record }) => record);
}
