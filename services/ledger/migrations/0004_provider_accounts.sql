-- Which of a provider's accounts carried the attempt, so that its invoices can be held against the books.
-- NULL: none was called, or nobody knows which; so for attempts from before this column.
ALTER TABLE ledger.entry ADD COLUMN provider_account text;

CREATE OR REPLACE VIEW ledger.attempt AS
SELECT request_id || '.' || attempt AS attempt_id, request_id || '.' || attempt || ':' || source AS record_id, standing.*
FROM (
  SELECT DISTINCT ON (request_month, request_id, attempt) *
  FROM ledger.entry ORDER BY request_month, request_id, attempt, sequence DESC
) standing;

-- Cost by provider, account and UTC day of the request: what an invoice is held against. Columns as in cost_by_team_day.
CREATE VIEW finance.cost_by_account_day AS
SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, provider, provider_account AS account,
  sum(sign)::bigint AS attempts,
  sum(input_tokens)::bigint AS input_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  trim_scale(sum(cost_usd)) AS cost_usd,
  trim_scale(coalesce(sum(cost_usd) FILTER (WHERE token_source <> 'provider'), 0)) AS estimated_cost_usd,
  coalesce(sum(sign) FILTER (WHERE state = 'unpriced'), 0)::bigint AS unpriced_attempts,
  simulated
FROM ledger.entry
GROUP BY day, provider, provider_account, simulated
HAVING sum(sign) <> 0;

GRANT SELECT ON finance.cost_by_account_day TO finance_reader;
