// A month's savings in Postgres, from the sums by day; and one request's, attempt by attempt.
import { parseUsd } from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { AttemptSavings, GetSavingsResponse, NotCompared, SavingsRow } from "@waybill/wire";
import type { SavingsField, SavingsQuestion } from "../core/savings-question.ts";

/** The value a row is grouped by, and the name that people know it by. Text of ours, never of a question. */
const FIELDS: Readonly<Record<SavingsField, { value: string; name: string }>> = {
  organisation: { value: "organisation_id", name: "max(organisation)" },
  team: { value: "team_id", name: "max(team)" },
  route: { value: "route", name: "''" },
  model: { value: "provider || '/' || model", name: "''" },
  baseline: { value: "baseline", name: "''" },
  day: { value: "to_char(day, 'YYYY-MM-DD')", name: "''" },
};

const ROWS_MAX = 1_000;
const COMPARED = "FILTER (WHERE comparison = 'compared')";
const REASONS = ["direct", "unpriced", "unmeasured", "no_baseline", "no_baseline_price"] as const;
const NOT_COMPARED = REASONS.map(
  (why) => `coalesce(sum(attempts) FILTER (WHERE comparison = '${why}'), 0)::bigint AS ${why}_attempts,
    ledger.known_part(sum(cost_usd) FILTER (WHERE comparison = '${why}'), sum(attempts) FILTER (WHERE comparison = '${why}'),
      sum(unpriced_attempts) FILTER (WHERE comparison = '${why}'))::text AS ${why}_cost_usd`,
).join(", ");
const SUMS = `coalesce(sum(attempts) FILTER (WHERE comparison = 'compared' AND usage_kind = 'served'), 0)::bigint AS answers,
  (sum(cost_usd) ${COMPARED})::text AS cost_usd, (sum(baseline_cost_usd) ${COMPARED})::text AS baseline_cost_usd,
  (sum(cost_usd) FILTER (WHERE comparison = 'compared' AND usage_kind = 'failed'))::text AS failed_cost_usd,
  (sum(lost_cache_reads_at_most_usd) ${COMPARED})::text AS lost_cache_reads_usd,
  (sum(quality * attempts) / nullif(sum(attempts) FILTER (WHERE quality IS NOT NULL), 0))::float8 AS quality,
  coalesce(sum(attempts) FILTER (WHERE quality IS NOT NULL), 0)::bigint AS quality_answers,
  coalesce(sum(attempts) FILTER (WHERE comparison = 'kept'), 0)::bigint AS kept_answers, ${NOT_COMPARED}`;

const OF_REQUEST = `
  SELECT attempt, comparison, coalesce(baseline_model, '') AS baseline_model, coalesce(kind, '') AS kind, coalesce(version, 0) AS version,
    baseline_cost_usd::text AS baseline_cost_usd, (baseline_cost_usd - cost_usd)::text AS saved_usd,
    lost_cache_reads_at_most_usd::text AS lost_cache_reads_usd, kept_answer_saved_usd::text AS kept_answer_saved_usd
  FROM ledger.attempt_savings
  WHERE request_month = $1 AND request_id = $2 AND ($3 = '' OR organisation_id = $3) ORDER BY attempt`;

export interface Savings {
  sum(question: SavingsQuestion): Promise<GetSavingsResponse>;
  /** Of each attempt on the books, in order. `requestMonth` as "2026-11-01"; organisation empty: whoever's it is. */
  ofRequest(requestId: string, requestMonth: string, organisationId: string): Promise<AttemptSavings[]>;
}

export function postgresSavings(pool: Pool): Savings {
  return {
    async sum({ organisationId, month, by, isSimulated }) {
      const { value, name } = FIELDS[by];
      const text = `
        SELECT ${value} AS value, ${name} AS name, grouping(${value}) = 1 AS is_total, ${SUMS},
          array_agg(DISTINCT baseline) FILTER (WHERE comparison = 'compared') AS baselines,
          EXISTS (SELECT FROM ledger.closed_month WHERE month >= $1) AS closed
        FROM ledger.savings
        WHERE accounting_month = $1 AND simulated = $2 AND ($3 = '' OR organisation_id = $3)
        GROUP BY GROUPING SETS ((${value}), ()) HAVING grouping(${value}) = 1 OR sum(attempts) <> 0 OR sum(cost_usd) <> 0
        ORDER BY is_total DESC, ${by === "day" ? "1" : `sum(baseline_cost_usd - cost_usd) ${COMPARED} DESC NULLS LAST, 1`}
        LIMIT ${ROWS_MAX + 2}`;
      const { rows } = await pool.query(text, [month, isSimulated, organisationId]);
      const [total, ...groups] = rows;
      return GetSavingsResponse.create({
        rows: groups.slice(0, ROWS_MAX).map(toRow),
        total: toRow(total),
        baselines: total.baselines ?? [],
        closed: total.closed,
        more: groups.length > ROWS_MAX,
      });
    },
    async ofRequest(requestId, requestMonth, organisationId) {
      const { rows } = await pool.query(OF_REQUEST, [requestMonth, requestId, organisationId]);
      return rows.map(toAttempt);
    },
  };
}

function toRow(row: Row): SavingsRow {
  return SavingsRow.create({
    value: row.value ?? "",
    name: row.name ?? "",
    answers: row.answers,
    costPicoUsd: pico(row.cost_usd),
    failedCostPicoUsd: pico(row.failed_cost_usd ?? "0"),
    baselineCostPicoUsd: pico(row.baseline_cost_usd),
    savedPicoUsd: less(row.baseline_cost_usd, row.cost_usd),
    lostCacheReadsAtMostPicoUsd: pico(row.lost_cache_reads_usd),
    quality: row.quality ?? undefined,
    qualityAnswers: row.quality_answers,
    keptAnswers: row.kept_answers,
    notCompared: REASONS.map((why) =>
      NotCompared.create({ why, attempts: row[`${why}_attempts`], costPicoUsd: pico(row[`${why}_cost_usd`]) }),
    ).filter(({ attempts, costPicoUsd }) => attempts !== 0n || (costPicoUsd !== "" && costPicoUsd !== "0")),
  });
}

function toAttempt(row: Row): AttemptSavings {
  return AttemptSavings.create({
    attempt: row.attempt,
    comparison: row.comparison,
    baselineModel: row.baseline_model,
    baselineKind: row.kind,
    baselineVersion: row.version,
    baselineCostPicoUsd: pico(row.baseline_cost_usd),
    savedPicoUsd: pico(row.saved_usd),
    lostCacheReadsAtMostPicoUsd: pico(row.lost_cache_reads_usd),
    keptAnswerSavedPicoUsd: pico(row.kept_answer_saved_usd),
  });
}

/** Empty: unknown. */
function pico(usd: string | null): string {
  return usd === null ? "" : parseUsd(usd).toString();
}

function less(baseline: string | null, cost: string | null): string {
  return baseline === null || cost === null ? "" : (parseUsd(baseline) - parseUsd(cost)).toString();
}
