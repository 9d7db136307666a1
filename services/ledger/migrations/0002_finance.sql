-- What finance reads: views only. docs/finance.md explains them.

CREATE SCHEMA finance;
GRANT USAGE ON SCHEMA finance TO finance_reader;

-- Cost by team and UTC day of the request.
--   requests            distinct requests with at least one attempt of this row
--   attempts            every attempt that was decided, also one that failed, cost nothing or was never sent
--   cost_usd            exact; without the attempts whose price is unknown; NULL when none has a price
--   estimated_cost_usd  the part of cost_usd whose tokens are not the provider's own figure
--   unpriced_attempts   attempts that are not in cost_usd because their price is unknown
CREATE VIEW finance.cost_by_team_day AS
SELECT day, organisation, team,
  count(*) FILTER (WHERE attempts > 0) AS requests,
  sum(attempts)::bigint AS attempts,
  sum(input_tokens)::bigint AS input_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  trim_scale(sum(cost_usd)) AS cost_usd,
  trim_scale(coalesce(sum(estimated_cost_usd), 0)) AS estimated_cost_usd,
  simulated,
  organisation_id, team_id,
  coalesce(sum(unpriced_attempts), 0)::bigint AS unpriced_attempts
FROM (
  SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, organisation_id, team_id,
    coalesce(organisation_name, organisation_id) AS organisation, coalesce(team_name, team_id) AS team, simulated,
    sum(sign) AS attempts, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    sum(cost_usd) FILTER (WHERE token_source <> 'provider') AS estimated_cost_usd,
    sum(sign) FILTER (WHERE state = 'unpriced') AS unpriced_attempts
  FROM ledger.entry
  GROUP BY day, organisation_id, team_id, organisation, team, simulated, request_id
) by_request
GROUP BY day, organisation_id, team_id, organisation, team, simulated
HAVING sum(attempts) <> 0;

GRANT SELECT ON finance.cost_by_team_day TO finance_reader;
