-- Revisions: records that say anew what an attempt cost, because its price arrived or was corrected. And cost by anything without a
-- grouping of its own, which the question groups once more anyway.

-- Who is believed (RANK in libs/domain), and of one source the later revision: 'worker.2' is the second of the worker's record.
CREATE OR REPLACE FUNCTION ledger.source_rank(source text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE split_part(source, '.', 1) WHEN 'worker' THEN 4000 WHEN 'lost' THEN 3000 WHEN 'ingress' THEN 2000 WHEN 'void' THEN 1000 END
    + coalesce(nullif(split_part(source, '.', 2), '')::int, 0)
$$;

-- Every revision that was ever made, as it goes out on USAGE. Written before it is published, so that there is only one of each name
-- whoever makes it, and published again until it is on the books.
CREATE TABLE ledger.revision (
  request_month date NOT NULL,
  request_id uuid NOT NULL,
  attempt smallint NOT NULL,
  -- The record's name: worker.1, worker.2, lost.1, …
  source text NOT NULL,
  -- price_arrived, price_corrected
  because text NOT NULL,
  made_by text NOT NULL,
  reason text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A UsageRecord.
  record bytea NOT NULL,
  PRIMARY KEY (request_month, request_id, attempt, source)
) PARTITION BY RANGE (request_month);
GRANT SELECT, INSERT ON ledger.revision TO waybill_ledger;
SELECT ledger.open_months(array_agg(month)) FROM ledger.month WHERE dropped_at IS NULL;

-- What waits for a price is looked for every half a minute.
CREATE INDEX usage_day_unpriced ON ledger.usage_day (request_month, routing_id) WHERE unpriced_attempts <> 0;

-- Cost by anything by day: one row for each day, accounting month and all that usage can be grouped by. To be summed: what is not shown
-- (the path within the route, the name the provider has for its model, the tier of the price) has rows of its own.
--   cost_centre         of the team at that time; NULL: it had none
--   team, user_name, …  the names of that moment beside the ids; NULL where nobody is known, as of an attempt that was lost
--   environment         the request's tag of that name
--   route               NULL: a model was asked for directly
--   account             the provider's account; NULL: nobody was called, or nobody knows which
--   model               the one that answered; requested_model: what was asked for
--   outcome             success, partial (the answer broke off), failed_free, failed_billed or unknown (nobody saw how it ended)
--   token_source        provider, counted, estimated, worst_case or none
--   requests            first attempts, and answers given from the cache
--   input_tokens        with cache reads and writes; output_tokens: with reasoning
--   estimated_cost_usd  the part of cost_usd whose tokens are not the provider's own figure
DROP VIEW finance.cost_by_day;
CREATE VIEW finance.cost_by_day AS
WITH usage AS (SELECT * FROM ledger.usage)
SELECT day, accounting_month, organisation, cost_centre, team, user_name, key_name, environment, route, route_version,
  requested_model, provider, account, model, simulated, outcome, token_source, price_version,
  requests, attempts, input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
  ledger.known_cost(cost_usd, attempts, unpriced_attempts) AS cost_usd,
  CASE WHEN token_source <> 'provider' THEN trim_scale(cost_usd) ELSE 0 END AS estimated_cost_usd,
  unpriced_attempts,
  organisation_id, team_id, user_id, key_id
FROM usage
-- What was taken back in the month in which it was booked leaves a row of zeros.
WHERE attempts <> 0 OR cost_usd <> 0 OR unpriced_attempts <> 0 OR input_tokens <> 0 OR output_tokens <> 0;
GRANT SELECT ON finance.cost_by_day TO finance_reader;
