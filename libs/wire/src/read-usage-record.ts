// Reads a UsageRecord off the bus. Ledger and budget share this, so that what one of them parks as impossible the other parks too.
import { attemptId, isPlausible, REVISION_MAX, type RecordSourceName, recordId, uuidV7TimeMs } from "@waybill/domain";
import type { Attribution } from "./gen/waybill/v1/attribution.ts";
import type { Target } from "./gen/waybill/v1/decision.ts";
import type { TokenUsage } from "./gen/waybill/v1/money.ts";
import { AttemptOutcome, RecordSource, TokenSource, UsageRecord } from "./gen/waybill/v1/usage.ts";

/** How an attempt ended, as text in tables, logs and metrics. */
export type OutcomeName = "success" | "partial" | "failed_free" | "failed_billed" | "unknown";
/** Where token counts come from, as text. */
export type TokenSourceName = "provider" | "counted" | "estimated" | "worst_case" | "none";

/** A record whose values can all be true, with what every record must have. */
export interface ReadUsageRecord {
  record: UsageRecord;
  /** Unix milliseconds inside the request id. */
  requestedAtMs: number;
  source: RecordSourceName;
  outcome: OutcomeName;
  tokenSource: TokenSourceName;
  attribution: Attribution;
  target: Target;
  usage: TokenUsage;
}

/** `poison`: this message will never be a booking; the reason is safe to show. */
export type UsageRecordReading = { kind: "record"; read: ReadUsageRecord } | { kind: "poison"; reason: string };

/** More attempts of one request are an error of their source. */
export const ATTEMPTS_MAX = 1_000;
// 2020-01-01 and 2100-01-01. A request id outside them was not made by a clock.
const REQUESTED_AT_MS_MIN = 1_577_836_800_000;
const REQUESTED_AT_MS_MAX = 4_102_444_800_000;

const SOURCES = new Map<RecordSource, RecordSourceName>([
  [RecordSource.WORKER, "worker"],
  [RecordSource.INGRESS, "ingress"],
  [RecordSource.VOID, "void"],
  [RecordSource.LOST, "lost"],
]);
const OUTCOMES = new Map<AttemptOutcome, OutcomeName>([
  [AttemptOutcome.SUCCESS, "success"],
  [AttemptOutcome.PARTIAL, "partial"],
  [AttemptOutcome.FAILED_FREE, "failed_free"],
  [AttemptOutcome.FAILED_BILLED, "failed_billed"],
  [AttemptOutcome.UNKNOWN, "unknown"],
]);
const TOKEN_SOURCES = new Map<TokenSource, TokenSourceName>([
  [TokenSource.PROVIDER, "provider"],
  [TokenSource.COUNTED, "counted"],
  [TokenSource.ESTIMATED, "estimated"],
  [TokenSource.WORST_CASE, "worst_case"],
  [TokenSource.NONE, "none"],
]);

/** A record's names as its message has them. Undefined: there is no such name. */
export const recordEnums = {
  source: reverse(SOURCES),
  outcome: reverse(OUTCOMES),
  tokenSource: reverse(TOKEN_SOURCES),
} as const;

function reverse<E>(names: ReadonlyMap<E, string>): (name: string) => E | undefined {
  const values = new Map([...names].map(([value, name]) => [name, value]));
  return (name) => values.get(name);
}

const NO_USAGE: TokenUsage = {
  input: 0n,
  cachedInput: 0n,
  cacheWrite5m: 0n,
  cacheWrite1h: 0n,
  output: 0n,
  reasoningOutput: 0n,
};

/** Decodes and judges one message of USAGE. Never throws. */
export function readUsageRecord(data: Uint8Array): UsageRecordReading {
  let record: UsageRecord;
  try {
    record = UsageRecord.decode(data);
  } catch {
    return { kind: "poison", reason: "not a UsageRecord" };
  }
  return judge(record);
}

function judge(record: UsageRecord): UsageRecordReading {
  const requestedAtMs = uuidV7TimeMs(record.requestId);
  const source = SOURCES.get(record.source);
  const outcome = OUTCOMES.get(record.outcome);
  const tokenSource = TOKEN_SOURCES.get(record.tokenSource);
  const { attribution, target, usage = NO_USAGE } = record;
  if (requestedAtMs === undefined) return poison("request_id is no UUIDv7");
  if (requestedAtMs < REQUESTED_AT_MS_MIN || requestedAtMs >= REQUESTED_AT_MS_MAX) {
    return poison("request_id carries an impossible time");
  }
  if (source === undefined) return poison("unknown source");
  if (outcome === undefined) return poison("unknown outcome");
  if (tokenSource === undefined) return poison("unknown token_source");
  if (record.attempt > ATTEMPTS_MAX) return poison("impossible attempt number");
  if (record.attempt === 0 && record.costPicoUsd !== 0n) return poison("a kept answer that cost something");
  if (record.attemptId !== attemptId(record.requestId, record.attempt)) {
    return poison("attempt_id is not <request_id>.<attempt>");
  }
  if (record.revision > REVISION_MAX) return poison("impossible revision");
  if (record.recordId !== recordId(record.attemptId, source, record.revision)) {
    return poison("record_id is not <attempt_id>:<source>");
  }
  if (!attribution?.organisationId) return poison("no organisation");
  if (!target?.provider || !target.model) return poison("no target");
  if (!isPlausible(usage)) return poison("impossible token counts");
  const problem = moneyProblem(record);
  if (problem !== undefined) return poison(problem);
  return { kind: "record", read: { record, requestedAtMs, source, outcome, tokenSource, attribution, target, usage } };
}

function moneyProblem(record: UsageRecord): string | undefined {
  if (record.costPicoUsd < 0n) return "negative cost";
  if (!record.costKnown && record.costPicoUsd !== 0n) return "a cost that is said to be unknown";
  if (record.costPicoUsd > 0n && !record.price?.version) return "a cost without the price it was computed from";
  if (record.holds.some((line) => line.amountPicoUsd < 0n)) return "negative hold";
  return undefined;
}

function poison(reason: string): UsageRecordReading {
  return { kind: "poison", reason };
}
