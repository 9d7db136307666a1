// What was spent, from the sums by hour and day.
import { parseUsd } from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { GetSpendResponse, SpendRow } from "@waybill/wire";
import { isAnsweredByDays, type SpendField, type SpendQuestion, TIME_FIELDS } from "../core/spend-question.ts";

/** The value a row is grouped by, and the name that people know it by. Text of ours, never of a question. */
const FIELDS: Readonly<Record<Exclude<SpendField, "hour" | "day" | "month">, { value: string; name: string }>> = {
  organisation: { value: "a.organisation_id", name: "max(a.organisation_name)" },
  team: { value: "a.team_id", name: "max(a.team_name)" },
  cost_centre: { value: "a.cost_centre", name: "''" },
  user: { value: "a.user_id", name: "max(a.user_name)" },
  key: { value: "a.key_id", name: "max(a.key_name)" },
  environment: { value: "a.environment", name: "''" },
  route: { value: "r.route", name: "''" },
  provider: { value: "r.provider", name: "''" },
  account: { value: "r.provider_account", name: "''" },
  model: { value: "r.provider || '/' || r.model", name: "''" },
  outcome: { value: "s.outcome", name: "''" },
};

const SUMS = `sum(s.requests)::bigint AS requests, sum(s.attempts)::bigint AS attempts,
  coalesce(sum(s.attempts) FILTER (WHERE s.outcome <> 'success'), 0)::bigint AS failed_attempts,
  sum(s.unpriced_attempts)::bigint AS unpriced_attempts, sum(s.input_tokens)::bigint AS input_tokens,
  sum(s.cached_input_tokens)::bigint AS cached_input_tokens, sum(s.output_tokens)::bigint AS output_tokens, sum(s.duration_ms)::bigint AS duration_ms,
  sum(s.reasoning_tokens)::bigint AS reasoning_tokens, sum(s.cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(s.cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(s.cost_usd)::text AS cost_usd,
  coalesce(sum(s.cost_usd) FILTER (WHERE s.outcome IN ('failed_billed', 'unknown')), 0)::text AS wasted_cost_usd`;

/** The month is in the key, so that other partitions are not looked at. */
const MONTHS_TOUCHED = [
  "s.request_month >= date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC')::date",
  "s.request_month <= ($2::timestamptz AT TIME ZONE 'UTC')::date",
];

export interface Spend {
  sum(question: SpendQuestion): Promise<GetSpendResponse>;
}

export function postgresSpend(pool: Pool): Spend {
  return {
    async sum(question) {
      const { text, values } = spendQuery(question);
      const { rows } = await pool.query(text, values);
      const total = rows.find(({ is_total }) => is_total);
      const groups = rows.filter(({ is_total }) => !is_total);
      return GetSpendResponse.create({
        rows: groups.slice(0, question.limit).map((row) => toRow(row, question.by.length)),
        total: total ? toRow(total, 0) : toRow(NOTHING, 0),
        fromMs: BigInt(question.fromMs),
        untilMs: BigInt(question.untilMs),
        more: groups.length > question.limit,
      });
    },
  };
}

/** The groups and, in the same look, the total: GROUPING SETS. */
function spendQuery(question: SpendQuestion): { text: string; values: unknown[] } {
  const { by, where, organisationId, isSimulated, limit } = question;
  const byDays = isAnsweredByDays(question);
  const time = byDays ? "s.day" : "s.hour";
  const values: unknown[] = [new Date(question.fromMs), new Date(question.untilMs), isSimulated, limit + 2];
  const conditions = byDays
    ? ["s.day >= ($1::timestamptz AT TIME ZONE 'UTC')::date", "s.day < ($2::timestamptz AT TIME ZONE 'UTC')::date"]
    : ["s.hour >= $1", "s.hour < $2", ...MONTHS_TOUCHED];
  conditions.push("r.simulated = $3");
  const must = (column: string, value: string): void => {
    values.push(value);
    conditions.push(`${column} = $${values.length}`);
  };
  if (organisationId !== "") must("a.organisation_id", organisationId);
  for (const [field, value] of where) must(columnOf(field, time), value);
  const keys = by.map((field) => columnOf(field, time));
  const names = by.map((field) => (isTime(field) ? "''" : FIELDS[field].name));
  const isByTime = by[0] !== undefined && TIME_FIELDS.includes(by[0]);
  const sets = keys.length === 0 ? "()" : `(${keys.join(", ")}), ()`;
  const text = `
    SELECT ${[...keys.map((key, index) => `${key} AS value_${index}`), ...names.map((name, index) => `${name} AS name_${index}`)].map((column) => `${column}, `).join("")}
      ${keys.length === 0 ? "true" : `grouping(${keys[0]}) = 1`} AS is_total, ${SUMS}
    FROM ledger.${byDays ? "usage_day" : "usage_hour"} s
    JOIN ledger.attribution a ON a.id = s.attribution_id JOIN ledger.routing r ON r.id = s.routing_id
    WHERE ${conditions.join(" AND ")}
    GROUP BY GROUPING SETS (${sets}) HAVING sum(s.attempts) <> 0 OR sum(s.cost_usd) <> 0
    ORDER BY is_total DESC, ${isByTime ? `${keys.join(", ")}` : "sum(s.cost_usd) DESC, sum(s.attempts) DESC"} LIMIT $4`;
  return { text, values };
}

function isTime(field: SpendField): field is "hour" | "day" | "month" {
  return TIME_FIELDS.includes(field);
}

function columnOf(field: SpendField, time: "s.day" | "s.hour"): string {
  if (!isTime(field)) return FIELDS[field].value;
  const utc = time === "s.day" ? time : `${time} AT TIME ZONE 'UTC'`;
  const format = { hour: 'YYYY-MM-DD"T"HH24:MI"Z"', day: "YYYY-MM-DD", month: "YYYY-MM" }[field];
  return `to_char(${utc}, '${format}')`;
}

const NOTHING: Row = {
  ...{
    requests: 0n,
    attempts: 0n,
    failed_attempts: 0n,
    unpriced_attempts: 0n,
    input_tokens: 0n,
    cached_input_tokens: 0n,
  },
  ...{ output_tokens: 0n, reasoning_tokens: 0n, cache_write_5m_tokens: 0n, cache_write_1h_tokens: 0n },
  ...{ duration_ms: 0n, cost_usd: "0", wasted_cost_usd: "0" },
};

function toRow(row: Row, fields: number): SpendRow {
  const texts = (prefix: string): string[] =>
    Array.from({ length: fields }, (_, index) => row[`${prefix}_${index}`] ?? "");
  return SpendRow.create({
    values: texts("value"),
    names: texts("name"),
    requests: row.requests,
    attempts: row.attempts,
    failedAttempts: row.failed_attempts,
    unpricedAttempts: row.unpriced_attempts,
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    outputTokens: row.output_tokens,
    durationMs: row.duration_ms,
    reasoningTokens: row.reasoning_tokens,
    cacheWrite5mTokens: row.cache_write_5m_tokens,
    cacheWrite1hTokens: row.cache_write_1h_tokens,
    costPicoUsd: parseUsd(row.cost_usd).toString(),
    wastedCostPicoUsd: parseUsd(row.wasted_cost_usd).toString(),
  });
}
