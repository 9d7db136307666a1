// An entry of the books as a CloudEvent: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
// All of it stands in the books and none of it ever changes there, so the same entry is the same event for ever.
import { formatUsd, parseUsd } from "@waybill/domain";

/** An entry with all it refers to, as it stands in the books. Null: unknown, or there is none. */
export interface BookedEntry {
  requestId: string;
  attempt: number;
  sequence: number;
  /** When it was booked: in Unix microseconds, and as ISO 8601 in UTC to the microsecond. */
  postedAtUs: bigint;
  postedAt: string;
  /** `original`, or `correction`. */
  class: string;
  /** 1, or -1: it takes another entry back. */
  sign: number;
  outcome: string;
  /** ISO 8601 in UTC. */
  occurredAt: string;
  /** First day of the month it is booked in: "2026-11-01". */
  accountingMonth: string;
  organisationId: string;
  organisationName: string | null;
  teamId: string | null;
  teamName: string | null;
  costCentre: string | null;
  userId: string | null;
  userName: string | null;
  keyId: string | null;
  keyName: string | null;
  endUserId: string | null;
  environment: string | null;
  tags: Readonly<Record<string, string>> | null;
  route: string | null;
  routeVersion: bigint | null;
  requestedModel: string | null;
  provider: string;
  providerAccount: string | null;
  model: string;
  upstreamModel: string | null;
  simulated: boolean;
  /** Negative where it takes another entry back; so is the cost. */
  inputTokens: bigint;
  cachedInputTokens: bigint;
  cacheWrite5mTokens: bigint;
  cacheWrite1hTokens: bigint;
  outputTokens: bigint;
  reasoningTokens: bigint;
  tokenSource: string;
  suspect: boolean;
  /** Decimal text; null: the price is unknown, which is never zero. */
  costUsd: string | null;
  priceVersion: string | null;
  stream: boolean;
  firstTokenMs: bigint | null;
  durationMs: bigint | null;
  finishReason: string | null;
  errorCode: string | null;
}

const USAGE_EVENT_TYPE = "io.waybill.usage.booked.v1";

type EntryKey = Pick<BookedEntry, "requestId" | "attempt" | "sequence">;

/** The id of an entry's event: `<request id>.<attempt>.<sequence>`. */
export function usageEventId({ requestId, attempt, sequence }: EntryKey): string {
  return `${requestId}.${attempt}.${sequence}`;
}

/**
 * The JSON text. Names are those of finance's views, in which a receiver who sums finds the same sums. One literal and no parts put
 * together: an object that is made of others takes thirty times as long to write. Token counts are far below 2^53: a record with more
 * is never booked.
 */
export function usageEvent(entry: BookedEntry): string {
  const { organisationId, costUsd } = entry;
  const data = {
    request_id: entry.requestId,
    attempt: entry.attempt,
    sequence: entry.sequence,
    class: entry.class,
    sign: entry.sign,
    corrects: corrected(entry),
    requested_at: entry.occurredAt,
    accounting_month: entry.accountingMonth.slice(0, 7),
    outcome: entry.outcome,
    organisation_id: organisationId,
    organisation: entry.organisationName,
    team_id: entry.teamId,
    team: entry.teamName,
    cost_centre: entry.costCentre,
    user_id: entry.userId,
    user_name: entry.userName,
    key_id: entry.keyId,
    key_name: entry.keyName,
    end_user_id: entry.endUserId,
    environment: entry.environment,
    tags: entry.tags ?? {},
    route: entry.route,
    route_version: numberOf(entry.routeVersion),
    requested_model: entry.requestedModel,
    provider: entry.provider,
    account: entry.providerAccount,
    model: entry.model,
    upstream_model: entry.upstreamModel,
    simulated: entry.simulated,
    input_tokens: Number(entry.inputTokens),
    cached_input_tokens: Number(entry.cachedInputTokens),
    cache_write_5m_tokens: Number(entry.cacheWrite5mTokens),
    cache_write_1h_tokens: Number(entry.cacheWrite1hTokens),
    output_tokens: Number(entry.outputTokens),
    reasoning_tokens: Number(entry.reasoningTokens),
    token_source: entry.tokenSource,
    cost_usd: costUsd === null ? null : formatUsd(parseUsd(costUsd)),
    price_version: entry.priceVersion,
    suspect: entry.suspect,
    stream: entry.stream,
    first_token_ms: numberOf(entry.firstTokenMs),
    duration_ms: numberOf(entry.durationMs),
    finish_reason: entry.finishReason,
    error_code: entry.errorCode,
  };
  return JSON.stringify({
    specversion: "1.0",
    id: usageEventId(entry),
    source: "waybill/ledger",
    type: USAGE_EVENT_TYPE,
    // Left out where it is undefined: a subject may not be empty.
    subject: organisationId === "" ? undefined : organisationId,
    time: entry.postedAt,
    datacontenttype: "application/json",
    data,
  });
}

/** A correction is two entries: the mirror of the one that stood, and behind it the one that stands instead. Both name that one. */
function corrected({ class: of, sign, requestId, attempt, sequence }: BookedEntry): string | null {
  if (of !== "correction") return null;
  return usageEventId({ requestId, attempt, sequence: sequence - (sign < 0 ? 1 : 2) });
}

function numberOf(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
