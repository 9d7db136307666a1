// Attempts as they stand on the books, as the records that would say the same: what revisions are made of.
import {
  attemptId,
  firstUuidOf,
  parseAttemptId,
  parseRecordName,
  parseUsd,
  recordId,
  uuidV7TimeMs,
} from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { BudgetUnit, HoldLine, recordEnums, UsageRecord } from "@waybill/wire";
import { requestMonth } from "../core/months.ts";
import type { StandingAttempt } from "../core/revise-record.ts";
import type { AttemptPlace, RepriceWish } from "../reprice.ts";

const COLUMNS = `
    e.request_id, e.attempt, e.source, e.outcome, e.token_source, e.cost_usd::text AS cost_usd, e.suspect, e.stream,
    e.input_tokens, e.cached_input_tokens, e.cache_write_5m_tokens, e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens,
    floor(extract(epoch FROM e.recorded_at) * 1000)::bigint AS recorded_at_ms,
    coalesce(e.first_token_ms, 0)::int AS first_token_ms, coalesce(e.duration_ms, 0)::int AS duration_ms,
    coalesce(e.provider_status, 0)::int AS provider_status, e.end_user_id, e.session, e.tags, e.evidence::text AS evidence, e.holds,
    e.finish_reason, e.error_code,
    a.organisation_id, a.organisation_name, a.team_id, a.team_name, a.cost_centre, a.user_id, a.user_name, a.key_id, a.key_name,
    r.route, r.route_version::int AS route_version, r.path, r.requested_model, r.provider, r.provider_account, r.model, r.upstream_model, r.simulated,
    p.version AS price_version, c.holder, c.ingress_id, c.worker_id
  FROM ledger.entry e
  JOIN ledger.attribution a ON a.id = e.attribution_id
  JOIN ledger.routing r ON r.id = e.routing_id
  JOIN ledger.price p ON p.id = e.price_id
  JOIN ledger.carrier c ON c.id = e.carrier_id`;
const STANDS = `e.sign = 1 AND NOT EXISTS (
      SELECT FROM ledger.entry later
      WHERE later.request_month = e.request_month AND later.request_id = e.request_id AND later.attempt = e.attempt
        AND later.sequence > e.sequence)`;

// By the key of one month's partition, or by the index of what has no price. Two rows a request are read where it was corrected before.
const OF_MODEL = `
  SELECT ${COLUMNS}
  WHERE e.request_month = $1 AND e.request_id >= $2 AND e.request_id < $3 AND (e.request_id, e.attempt) > ($4, $5)
    AND e.routing_id = ANY (ARRAY(SELECT id FROM ledger.routing WHERE provider = $6 AND model = $7)) AND ${STANDS}`;
const IN_ORDER = " ORDER BY e.request_id, e.attempt LIMIT $8";

const BY_KEY = `
  SELECT ${COLUMNS}
  JOIN unnest($1::date[], $2::uuid[], $3::smallint[]) AS asked (request_month, request_id, attempt)
    ON asked.request_month = e.request_month AND asked.request_id = e.request_id AND asked.attempt = e.attempt
  WHERE ${STANDS}`;

/** Months that are there and touch the time. */
const MONTHS = `
  SELECT to_char(month, 'YYYY-MM-DD') AS month, (extract(epoch FROM month) * 1000)::bigint AS from_ms,
    (extract(epoch FROM month + interval '1 month') * 1000)::bigint AS until_ms
  FROM ledger.month WHERE dropped_at IS NULL AND month + interval '1 month' > to_timestamp($1) AT TIME ZONE 'UTC'
    AND month < to_timestamp($2) AT TIME ZONE 'UTC' ORDER BY 1`;

const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

/** A reader of them, month by month; at most `limit` at once. */
export function standingAttempts(
  pool: Pool,
): (wish: RepriceWish, after: AttemptPlace | undefined, limit: number) => Promise<StandingAttempt[]> {
  return async ({ provider, model, fromMs, untilMs, onlyUnpriced }, after, limit) => {
    const found: StandingAttempt[] = [];
    const { rows: months } = await pool.query(MONTHS, [fromMs / 1_000, untilMs / 1_000]);
    for (const { month, from_ms, until_ms } of months) {
      const [from, until] = [Math.max(fromMs, Number(from_ms)), Math.min(untilMs, Number(until_ms))];
      const text = OF_MODEL + (onlyUnpriced ? " AND e.state = 'unpriced'" : "") + IN_ORDER;
      const place = [after?.requestId ?? BEFORE_ALL, after?.attempt ?? 0];
      const range = [month, firstUuidOf(from), firstUuidOf(until), ...place];
      const { rows } = await pool.query(text, [...range, provider, model, limit - found.length]);
      found.push(...rows.map(toStanding));
      if (found.length === limit) break;
    }
    return found;
  };
}

/** What stands of these attempts, "<request id>.<n>"; those that are not on the books are left out. */
export async function standingOf(pool: Pool, attemptIds: readonly string[]): Promise<StandingAttempt[]> {
  const keys = attemptIds.flatMap((text) => parseAttemptId(text) ?? []);
  const { rows } = await pool.query(BY_KEY, [
    keys.map(({ requestId }) => requestMonth({ requestedAtMs: uuidV7TimeMs(requestId) ?? 0 })),
    keys.map(({ requestId }) => requestId),
    keys.map(({ attempt }) => attempt),
  ]);
  return rows.map(toStanding);
}

function toStanding(row: Row): StandingAttempt {
  const name = parseRecordName(row.source);
  if (!name)
    throw new Error(`the books are damaged: ${row.request_id}.${row.attempt} has a record named ${row.source}`);
  const id = attemptId(row.request_id, row.attempt);
  const record = UsageRecord.fromPartial({
    recordId: recordId(id, name.source, name.revision),
    attemptId: id,
    requestId: row.request_id,
    attempt: row.attempt,
    source: known(recordEnums.source(name.source), row.source),
    revision: name.revision,
    outcome: known(recordEnums.outcome(row.outcome), row.outcome),
    attribution: {
      ...{ organisationId: row.organisation_id, organisationName: row.organisation_name ?? "" },
      ...{ teamId: row.team_id ?? "", teamName: row.team_name ?? "", costCentre: row.cost_centre ?? "" },
      ...{ userId: row.user_id ?? "", userName: row.user_name ?? "" },
      ...{ keyId: row.key_id ?? "", keyName: row.key_name ?? "" },
      ...{ endUserId: row.end_user_id ?? "", tags: row.tags ?? {} },
    },
    route: row.route ?? "",
    routeVersion: row.route_version ?? 0,
    path: row.path ?? [],
    target: {
      ...{
        provider: row.provider,
        model: row.model,
        upstreamModel: row.upstream_model ?? "",
        simulated: row.simulated,
      },
    },
    requestedModel: row.requested_model ?? "",
    stream: row.stream,
    usage: {
      ...{ input: BigInt(row.input_tokens), cachedInput: BigInt(row.cached_input_tokens) },
      ...{ cacheWrite5m: BigInt(row.cache_write_5m_tokens), cacheWrite1h: BigInt(row.cache_write_1h_tokens) },
      ...{ output: BigInt(row.output_tokens), reasoningOutput: BigInt(row.reasoning_tokens) },
    },
    tokenSource: known(recordEnums.tokenSource(row.token_source), row.token_source),
    evidenceJson: row.evidence ?? "",
    price: row.price_version === null ? undefined : { version: row.price_version },
    costPicoUsd: row.cost_usd === null ? 0n : parseUsd(row.cost_usd),
    costKnown: row.cost_usd !== null,
    holds: (row.holds ?? []).map(toHold),
    holder: row.holder ?? "",
    recordedAtMs: row.recorded_at_ms,
    firstTokenMs: row.first_token_ms,
    durationMs: row.duration_ms,
    ingressId: row.ingress_id ?? "",
    workerId: row.worker_id ?? "",
    finishReason: row.finish_reason ?? "",
    errorCode: row.error_code ?? "",
    providerStatus: row.provider_status,
    suspect: row.suspect,
    account: row.provider_account ?? "",
    session: row.session ?? "",
  });
  return { record, source: name.source, requestedAtMs: uuidV7TimeMs(row.request_id) ?? 0 };
}

type StoredHold = [budgetId: string, windowId: string, amount: string, hard: boolean, grantId: string | null];

// The books keep no unit of a hold; the budget service knows that of each window.
function toHold([budgetId, windowId, amount, hard, grantId]: StoredHold): HoldLine {
  const named = { budgetId, windowId: BigInt(windowId), grantId: grantId ?? "", hard };
  return HoldLine.create({ ...named, amountPicoUsd: parseUsd(amount), unit: BudgetUnit.UNSPECIFIED });
}

function known<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new Error(`the books are damaged: they say ${text}`);
  return value;
}
