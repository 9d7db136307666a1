// Entries of the books in the order of booking, page by page: what others hear of. A page costs the same however many entries there
// are before and behind it.
import type { Pool, Row } from "@waybill/store";
import { type EventPosition, encodePosition, positionBehind } from "../core/event-position.ts";
import type { BookedEntry } from "../core/usage-event.ts";

export interface EntryQuestion {
  after: EventPosition;
  /** Booked before this Unix millisecond; undefined: until now. */
  untilMs: number | undefined;
  /** Entries that are looked at, also those of other organisations; of one organisation, the rest of the last batch besides. */
  limit: number;
  /** Empty: of all. */
  organisationId: string;
}

export interface EntryPage {
  entries: BookedEntry[];
  /** Behind the last entry that was looked at. */
  next: EventPosition;
  more: boolean;
}

export type Queryable = Pick<Pool, "query">;

const ISO = (column: string, digits: "MS" | "US"): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.${digits}"Z"')`;

const BEHIND = `(posted_at, request_id, attempt, sequence)
    > (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::uuid, $3::smallint, $4::smallint) AND posted_at < $5::timestamptz`;
// The limit is written out: what the planner does not know it takes for a tenth of the table.
const page = (limit: number, inWholeBatches: boolean): string => `
  WITH first AS MATERIALIZED (
    SELECT * FROM ledger.entry WHERE ${BEHIND} ORDER BY posted_at, request_id, attempt, sequence LIMIT ${limit}),
  page AS MATERIALIZED (
    ${inWholeBatches ? `SELECT * FROM ledger.entry WHERE ${BEHIND} AND posted_at <= (SELECT max(posted_at) FROM first)` : "SELECT * FROM first"})
  SELECT e.request_id, e.attempt, e.sequence, (extract(epoch FROM e.posted_at) * 1000000)::bigint AS posted_at_us,
    ${ISO("e.posted_at", "US")} AS posted_at_text, e.class, e.sign, e.outcome,
    ${ISO("e.occurred_at", "MS")} AS occurred_at_text, e.accounting_month::text AS accounting_month_text,
    e.input_tokens, e.cached_input_tokens, e.cache_write_5m_tokens, e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens,
    e.token_source, e.suspect, e.cost_usd, e.stream, e.first_token_ms, e.duration_ms, e.finish_reason, e.error_code,
    e.end_user_id, e.tags,
    a.organisation_id, a.organisation_name, a.team_id, a.team_name, a.cost_centre, a.user_id, a.user_name, a.key_id, a.key_name,
    a.environment,
    r.route, r.route_version, r.requested_model, r.provider, r.provider_account, r.model, r.upstream_model, r.simulated,
    p.version AS price_version
  FROM page e
  LEFT JOIN ledger.attribution a ON a.id = e.attribution_id
  LEFT JOIN ledger.routing r ON r.id = e.routing_id
  LEFT JOIN ledger.price p ON p.id = e.price_id
  ORDER BY e.posted_at, e.request_id, e.attempt, e.sequence`;

/** One look into the books. */
export async function readEntries(books: Queryable, question: EntryQuestion): Promise<EntryPage> {
  const { after, untilMs, limit, organisationId } = question;
  const until = untilMs === undefined ? "infinity" : new Date(untilMs).toISOString();
  const place = [String(after.postedAtUs), after.requestId, after.attempt, after.sequence];
  const isOfAll = organisationId === "";
  const { rows } = await books.query<Row>(page(limit, !isOfAll), [...place, until]);
  // What could not be told must not be passed by.
  const torn = rows.find(({ organisation_id, provider }) => organisation_id === null || provider === null);
  if (torn)
    throw new Error(`the books are damaged: ${torn.request_id}.${torn.attempt} belongs to nobody, or to no provider`);
  const last = rows.at(-1);
  const mine = isOfAll ? rows : rows.filter((row) => row.organisation_id === organisationId);
  return {
    entries: mine.map(toEntry),
    // The last one looked at may be another organisation's, and nobody is told its id: so whole batches, and a place that names none.
    next: last ? (isOfAll ? toPosition(last) : positionBehind(last.posted_at_us)) : after,
    more: rows.length >= limit,
  };
}

/** How far somebody was told, and the row that says so. */
export const POSITION_OF = "SELECT place FROM ledger.event_position WHERE reader = $1 FOR UPDATE SKIP LOCKED";
const MOVE = "UPDATE ledger.event_position SET place = $2, moved_at = clock_timestamp() WHERE reader = $1";

/** Says that a reader was told everything up to here. */
export async function movePosition(books: Queryable, reader: string, position: EventPosition): Promise<void> {
  await books.query(MOVE, [reader, encodePosition(position)]);
}

function toPosition(row: Row): EventPosition {
  const { posted_at_us: postedAtUs, request_id: requestId, attempt, sequence } = row;
  return { postedAtUs, requestId, attempt, sequence };
}

/** One literal, as usageEvent has it. */
function toEntry(row: Row): BookedEntry {
  return {
    requestId: row.request_id,
    attempt: row.attempt,
    sequence: row.sequence,
    postedAtUs: row.posted_at_us,
    postedAt: row.posted_at_text,
    class: row.class,
    sign: row.sign,
    outcome: row.outcome,
    occurredAt: row.occurred_at_text,
    accountingMonth: row.accounting_month_text,
    organisationId: row.organisation_id,
    organisationName: row.organisation_name,
    teamId: row.team_id,
    teamName: row.team_name,
    costCentre: row.cost_centre,
    userId: row.user_id,
    userName: row.user_name,
    keyId: row.key_id,
    keyName: row.key_name,
    endUserId: row.end_user_id,
    environment: row.environment,
    tags: row.tags,
    route: row.route,
    routeVersion: row.route_version,
    requestedModel: row.requested_model,
    provider: row.provider,
    providerAccount: row.provider_account,
    model: row.model,
    upstreamModel: row.upstream_model,
    simulated: row.simulated,
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    cacheWrite5mTokens: row.cache_write_5m_tokens,
    cacheWrite1hTokens: row.cache_write_1h_tokens,
    outputTokens: row.output_tokens,
    reasoningTokens: row.reasoning_tokens,
    tokenSource: row.token_source,
    suspect: row.suspect,
    costUsd: row.cost_usd,
    priceVersion: row.price_version,
    stream: row.stream,
    firstTokenMs: row.first_token_ms,
    durationMs: row.duration_ms,
    finishReason: row.finish_reason,
    errorCode: row.error_code,
  };
}
