-- Attempts whose cost is doubtful, each as it stands now: figures that contradicted themselves were bounded, or something was asked
-- for or used that the catalogue's price does not cover. `evidence` says which, in names and numbers only.
CREATE VIEW finance.suspect_attempt AS
WITH standing AS (SELECT * FROM ledger.attempt WHERE suspect)
SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, request_id, attempt,
  coalesce(organisation_name, organisation_id) AS organisation, coalesce(team_name, team_id) AS team,
  provider, provider_account AS account, model, input_tokens, output_tokens, trim_scale(cost_usd) AS cost_usd,
  evidence, simulated
FROM standing;

GRANT SELECT ON finance.suspect_attempt TO finance_reader;
