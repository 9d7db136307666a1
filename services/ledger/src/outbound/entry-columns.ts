// The columns of ledger.entry, in one place: how a fact is written, and how a standing entry is mirrored.
import { formatUsd, recordName } from "@waybill/domain";
import type { CopyField } from "@waybill/store";
import { requestMonth } from "../core/months.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import type { EntryDimensions } from "./dimensions.ts";

/** An entry to write: what it states, where it is booked and what it refers to. */
export interface EntryRow {
  fact: UsageFact;
  sequence: number;
  accountingMonth: string;
  /** The time of booking, as the database writes it. */
  postedAt: string;
  dimensions: EntryDimensions;
}

type Column = readonly [name: string, value: (row: EntryRow) => CopyField];

/** Amounts: negated in a mirror. */
const AMOUNTS: readonly Column[] = [
  ["input_tokens", ({ fact }) => fact.tokens.input],
  ["cached_input_tokens", ({ fact }) => fact.tokens.cachedInput],
  ["cache_write_5m_tokens", ({ fact }) => fact.tokens.cacheWrite5m],
  ["cache_write_1h_tokens", ({ fact }) => fact.tokens.cacheWrite1h],
  ["output_tokens", ({ fact }) => fact.tokens.output],
  ["reasoning_tokens", ({ fact }) => fact.tokens.reasoningOutput],
  ["cost_usd", ({ fact }) => costUsd(fact)],
];

const [occurredAt, recordedAt] = [timestampWriter(), timestampWriter()];

/** What the amounts are about: the same in a mirror. */
const STATEMENT: readonly Column[] = [
  ["request_month", ({ fact }) => requestMonth(fact)],
  ["request_id", ({ fact }) => fact.requestId],
  ["attempt", ({ fact }) => fact.attempt],
  ["source", ({ fact }) => recordName(fact.source, fact.revision)],
  ["outcome", ({ fact }) => fact.outcome],
  ["occurred_at", ({ fact }) => occurredAt(fact.requestedAtMs)],
  ["recorded_at", ({ fact }) => recordedAt(fact.recordedAtMs)],
  ["attribution_id", ({ dimensions }) => dimensions.attribution.id],
  ["routing_id", ({ dimensions }) => dimensions.routing.id],
  ["price_id", ({ dimensions }) => dimensions.price.id],
  ["carrier_id", ({ dimensions }) => dimensions.carrier.id],
  ["debit_account_id", ({ dimensions }) => dimensions.debit.id],
  ["credit_account_id", ({ dimensions }) => dimensions.credit.id],
  ["end_user_id", ({ fact }) => known(fact.attribution.endUserId)],
  ["tags", ({ fact }) => objectJson(fact.attribution.tags)],
  ["token_source", ({ fact }) => fact.tokenSource],
  ["suspect", ({ fact }) => fact.suspect],
  ["evidence", ({ fact }) => known(fact.evidenceJson)],
  ["state", ({ fact }) => (fact.priced ? "priced" : "unpriced")],
  ["holds", ({ fact }) => holdsJson(fact)],
  ["stream", ({ fact }) => fact.stream],
  ["first_token_ms", ({ fact }) => (fact.firstTokenMs === 0 ? undefined : fact.firstTokenMs)],
  ["duration_ms", ({ fact }) => fact.durationMs],
  ["finish_reason", ({ fact }) => known(fact.finishReason)],
  ["error_code", ({ fact }) => known(fact.errorCode)],
  ["session", ({ fact }) => known(fact.session)],
  ["provider_status", ({ fact }) => (fact.providerStatus === 0 ? undefined : fact.providerStatus)],
];

/** Of each entry's own: a mirror has another. */
const PLACE: readonly Column[] = [
  ["sequence", ({ sequence }) => sequence],
  ["class", ({ sequence }) => (sequence === 1 ? "original" : "correction")],
  ["sign", () => 1],
  ["accounting_month", ({ accountingMonth }) => accountingMonth],
  ["posted_at", ({ postedAt }) => postedAt],
];

const COLUMNS = [...PLACE, ...STATEMENT, ...AMOUNTS];
const names = (columns: readonly Column[]): string => columns.map(([name]) => name).join(", ");

/** Target of COPY for rows of `entryFields`. */
export const ENTRY_TARGET = `ledger.entry (${names(COLUMNS)})`;

/** One row: what stands now. */
export function entryFields(row: EntryRow): CopyField[] {
  return COLUMNS.map(([, value]) => value(row));
}

const STANDING = `unnest($1::date[], $2::uuid[], $3::smallint[], $4::smallint[], $5::date[])
  AS standing (request_month, request_id, attempt, sequence, booked_in)`;

/**
 * Mirrors standing entries; parameters: months, request ids, attempts, sequences, months to book the mirrors in; and the time of booking.
 * Returns the rows that `addMirror` reads.
 */
export const MIRROR_ENTRIES = `
  INSERT INTO ledger.entry (${names(COLUMNS)})
  SELECT sequence + 1, 'correction', -sign, booked_in, $6::timestamptz,
    ${names(STATEMENT)}, ${AMOUNTS.map(([name]) => `-${name}`).join(", ")}
  FROM ${STANDING} JOIN ledger.entry USING (request_month, request_id, attempt, sequence)
  RETURNING request_month::text AS request_month, accounting_month::text AS accounting_month,
    floor(extract(epoch FROM occurred_at) / 3600)::int AS hour, attribution_id, routing_id, price_id, outcome, token_source,
    attempt, suspect, coalesce(duration_ms, 0) AS duration_ms, ${AMOUNTS.map(([name]) => `${name}::text AS ${name}`).join(", ")}`;

/** NULL where the price is unknown: never zero. */
export function costUsd(fact: UsageFact): string | undefined {
  return fact.priced ? formatUsd(fact.costPicoUsd) : undefined;
}

const MINUTE_MS = 60_000;

/** Writes times as "2026-11-23T01:49:07.123Z". A column is asked about nearly the same minute all the time. */
function timestampWriter(): (unixMs: number) => string {
  let minute = Number.NaN;
  let text = "";
  return (unixMs) => {
    const wanted = Math.floor(unixMs / MINUTE_MS);
    if (wanted !== minute) {
      text = new Date(wanted * MINUTE_MS).toISOString().slice(0, 16);
      minute = wanted;
    }
    const ms = unixMs - minute * MINUTE_MS;
    return `${text}:${(ms / 1_000).toFixed(3).padStart(6, "0")}Z`;
  };
}

function known(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function objectJson(value: Readonly<Record<string, string>>): string | undefined {
  for (const _ in value) return JSON.stringify(value);
  return undefined;
}

function holdsJson(fact: UsageFact): string | undefined {
  if (fact.holds.length === 0) return undefined;
  return JSON.stringify(
    fact.holds.map(({ budgetId, windowId, amountPicoUsd, hard, grantId }) => [
      ...[budgetId, String(windowId), formatUsd(amountPicoUsd), hard, grantId === "" ? null : grantId],
    ]),
  );
}
