-- What finance asks for every month: cost by anything, a month's statement, what is unallocated or wasted, what one request costs, what
-- moved, what caches save, and the books as FOCUS rows. All from sums by day, so that none gets slower with the number of entries.
--
-- In every view: `day` is the UTC day of the request and `accounting_month` the month its cost is booked in; a row whose day lies before its
-- accounting month came after that day's month was closed, and corrections of such a row count below zero. `cost_usd` is exact, without the
-- attempts whose price is unknown; those are counted in `unpriced_attempts`. It is NULL where there are attempts and none has a price. Simulated
-- usage has rows of its own, because nobody sends an invoice for it.

-- A part of a sum of costs, of those of its attempts that are meant: 0 where there are none, NULL where there are and none has a price.
CREATE FUNCTION ledger.known_part(cost_usd numeric, attempts numeric, unpriced_attempts numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN coalesce(unpriced_attempts, 0) <= 0 OR attempts > unpriced_attempts OR cost_usd <> 0
    THEN trim_scale(coalesce(cost_usd, 0)) END
$$;

-- Cost by anything by day: one row for each day, accounting month and all that usage can be grouped by.
--   cost_centre         of the team at that time; NULL: it had none
--   team, user_name, …  the names of that moment beside the ids; NULL where nobody is known, as of an attempt that was lost
--   environment         the request's tag of that name
--   route               NULL: a model was asked for directly
--   account             the provider's account; NULL: nobody was called, or nobody knows which
--   model               the one that answered, not the one that was asked for
--   outcome             success, partial (the answer broke off), failed_free, failed_billed or unknown (nobody saw how it ended)
--   requests            first attempts, and answers given from the cache
--   input_tokens        with cache reads and writes; output_tokens: with reasoning
--   estimated_cost_usd  the part of cost_usd whose tokens are not the provider's own figure
CREATE VIEW finance.cost_by_day AS
SELECT day, accounting_month, organisation, cost_centre, team, user_name, key_name, environment, route, route_version,
  provider, account, model, simulated, outcome,
  sum(requests)::bigint AS requests,
  sum(attempts)::bigint AS attempts,
  sum(input_tokens)::bigint AS input_tokens,
  sum(cached_input_tokens)::bigint AS cached_input_tokens,
  sum(cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  sum(reasoning_tokens)::bigint AS reasoning_tokens,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  trim_scale(coalesce(sum(cost_usd) FILTER (WHERE token_source <> 'provider'), 0)) AS estimated_cost_usd,
  sum(unpriced_attempts)::bigint AS unpriced_attempts,
  organisation_id, team_id, user_id, key_id
FROM ledger.usage
GROUP BY day, accounting_month, organisation_id, organisation, cost_centre, team_id, team, user_id, user_name, key_id, key_name,
  environment, route, route_version, provider, account, model, simulated, outcome
-- What was taken back in the month in which it was booked leaves a row of zeros.
HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0 OR sum(unpriced_attempts) <> 0 OR sum(input_tokens) <> 0 OR sum(output_tokens) <> 0;

-- A month's statement: one row for each accounting month, organisation and cost centre. The rows of a closed month never change.
--   cost_centre        'Unallocated': the team had none
--   served_cost_usd    of cost_usd, what bought an answer or a part of one (success, partial)
--   wasted_cost_usd    of cost_usd, what bought none (failed_billed), or nobody saw any (unknown)
--   late_cost_usd      of cost_usd, what belongs to requests of earlier months, which were closed when it came; below zero where a
--                      correction made it less
--   closed, closed_at  whether the month is closed, and since when; to close a month closes those before it
CREATE VIEW finance.month_statement AS
SELECT accounting_month, organisation, coalesce(cost_centre, 'Unallocated') AS cost_centre, simulated,
  sum(requests)::bigint AS requests,
  sum(attempts)::bigint AS attempts,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  ledger.known_part(sum(cost_usd) FILTER (WHERE outcome IN ('success', 'partial')),
    sum(attempts) FILTER (WHERE outcome IN ('success', 'partial')),
    sum(unpriced_attempts) FILTER (WHERE outcome IN ('success', 'partial'))) AS served_cost_usd,
  ledger.known_part(sum(cost_usd) FILTER (WHERE outcome IN ('failed_billed', 'unknown')),
    sum(attempts) FILTER (WHERE outcome IN ('failed_billed', 'unknown')),
    sum(unpriced_attempts) FILTER (WHERE outcome IN ('failed_billed', 'unknown'))) AS wasted_cost_usd,
  trim_scale(coalesce(sum(cost_usd) FILTER (WHERE token_source <> 'provider'), 0)) AS estimated_cost_usd,
  sum(unpriced_attempts)::bigint AS unpriced_attempts,
  ledger.known_part(sum(cost_usd) FILTER (WHERE request_month < accounting_month),
    sum(attempts) FILTER (WHERE request_month < accounting_month),
    sum(unpriced_attempts) FILTER (WHERE request_month < accounting_month)) AS late_cost_usd,
  EXISTS (SELECT FROM ledger.closed_month c WHERE c.month >= accounting_month) AS closed,
  (SELECT min(c.closed_at) FROM ledger.closed_month c WHERE c.month >= accounting_month) AS closed_at,
  organisation_id
FROM ledger.usage
-- By the text that is shown, so that a cost centre which is called that is not a second row.
GROUP BY accounting_month, organisation_id, organisation, coalesce(cost_centre, 'Unallocated'), simulated
HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0 OR sum(unpriced_attempts) <> 0;

-- How much of a month's cost no cost centre carries: one row for each accounting month and organisation.
--   unallocated_share  of cost_usd, 0 to 1, rounded to 4 places; NULL where the month cost nothing
CREATE VIEW finance.unallocated AS
SELECT accounting_month, organisation, simulated,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  ledger.known_part(sum(cost_usd) FILTER (WHERE cost_centre IS NOT NULL),
    sum(attempts) FILTER (WHERE cost_centre IS NOT NULL),
    sum(unpriced_attempts) FILTER (WHERE cost_centre IS NOT NULL)) AS allocated_cost_usd,
  ledger.known_part(sum(cost_usd) FILTER (WHERE cost_centre IS NULL),
    sum(attempts) FILTER (WHERE cost_centre IS NULL),
    sum(unpriced_attempts) FILTER (WHERE cost_centre IS NULL)) AS unallocated_cost_usd,
  trim_scale(round(coalesce(sum(cost_usd) FILTER (WHERE cost_centre IS NULL), 0) / nullif(sum(cost_usd), 0), 4)) AS unallocated_share,
  sum(unpriced_attempts)::bigint AS unpriced_attempts,
  organisation_id
FROM ledger.usage
GROUP BY accounting_month, organisation_id, organisation, simulated
HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0 OR sum(unpriced_attempts) <> 0;

-- What was paid for and served nobody: one row for each day, team, model and outcome, which is failed_billed (an error that is billed) or
-- unknown (nobody saw how it ended; a hard budget books its worst case until somebody knows). A partial answer was delivered as far
-- as it came, and is not in it; nor are further attempts that succeeded.
CREATE VIEW finance.wasted AS
SELECT day, organisation, team, provider, model, outcome, simulated,
  sum(attempts)::bigint AS attempts,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  sum(unpriced_attempts)::bigint AS unpriced_attempts,
  organisation_id, team_id
FROM ledger.usage
WHERE outcome IN ('failed_billed', 'unknown')
GROUP BY day, organisation_id, organisation, team_id, team, provider, model, outcome, simulated
HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0;

-- What one request costs: one row for each accounting month, team, route and model.
--   requests                 whose first attempt this model had; the cost of a second attempt stands at the model that made it
--   successful_attempts      with a whole answer, also one from the cache
--   usd_per_request          NULL where there is no request or no known cost; too low while there are unpriced attempts
--   usd_per_1000_successful  all of the cost, also of what failed, for each thousand whole answers; NULL as above
CREATE VIEW finance.unit_cost AS
WITH by_model AS (
  SELECT accounting_month, organisation_id, organisation, team_id, team, route, provider, model, simulated,
    sum(requests)::bigint AS requests,
    sum(attempts)::bigint AS attempts,
    coalesce(sum(attempts) FILTER (WHERE outcome = 'success'), 0)::bigint AS successful_attempts,
    ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
    sum(unpriced_attempts)::bigint AS unpriced_attempts
  FROM ledger.usage
  GROUP BY accounting_month, organisation_id, organisation, team_id, team, route, provider, model, simulated
  HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0 OR sum(unpriced_attempts) <> 0
)
SELECT accounting_month, organisation, team, route, provider, model, simulated, requests, successful_attempts, cost_usd,
  trim_scale(round(cost_usd / nullif(requests, 0), 9)) AS usd_per_request,
  trim_scale(round(cost_usd * 1000 / nullif(successful_attempts, 0), 9)) AS usd_per_1000_successful,
  unpriced_attempts, organisation_id, team_id
FROM by_model;

-- What moved: the last 7 whole UTC days beside the 7 before them, for each team and model that cost anything in them. Real money only.
--   cost_usd, before_usd  of the last 7 days, and of those before; today is in neither
--   change_share          of before_usd, rounded to 4 places: 0.5 is half as much again; NULL where there was nothing before
CREATE VIEW finance.top_movers AS
WITH today AS (SELECT (now() AT TIME ZONE 'UTC')::date AS today),
by_week AS (
  SELECT organisation_id, team_id, provider, model,
    -- The name of now: a team that was given another name did not move.
    (array_agg(organisation ORDER BY day DESC))[1] AS organisation,
    (array_agg(team ORDER BY day DESC))[1] AS team,
    sum(cost_usd) FILTER (WHERE day >= today - 7) AS cost_usd,
    sum(attempts) FILTER (WHERE day >= today - 7) AS attempts,
    sum(unpriced_attempts) FILTER (WHERE day >= today - 7) AS unpriced_attempts,
    sum(cost_usd) FILTER (WHERE day < today - 7) AS before_usd,
    sum(attempts) FILTER (WHERE day < today - 7) AS attempts_before,
    sum(unpriced_attempts) FILTER (WHERE day < today - 7) AS unpriced_before
  FROM ledger.usage CROSS JOIN today
  WHERE day >= today - 14 AND day < today AND NOT simulated
  GROUP BY organisation_id, team_id, provider, model
),
known AS (
  SELECT organisation_id, organisation, team_id, team, provider, model,
    ledger.known_part(cost_usd, attempts, unpriced_attempts) AS cost_usd,
    ledger.known_part(before_usd, attempts_before, unpriced_before) AS before_usd,
    (coalesce(unpriced_attempts, 0) + coalesce(unpriced_before, 0))::bigint AS unpriced_attempts
  FROM by_week
)
SELECT organisation, team, provider, model, cost_usd, before_usd,
  trim_scale(cost_usd - before_usd) AS change_usd,
  trim_scale(round((cost_usd - before_usd) / nullif(before_usd, 0), 4)) AS change_share,
  unpriced_attempts, organisation_id, team_id
FROM known WHERE cost_usd <> 0 OR before_usd <> 0;

-- What the providers' caches save: one row for each day, team and model, of the attempts whose rates are on the books and whose tokens
-- somebody counted or estimated (so without those that have no price, and without those that are booked with their worst case).
--   input_tokens           with cached_input_tokens and cache_write_tokens
--   cached_share           of the input, what was read from the cache, 0 to 1, rounded to 4 places
--   cached_reads_save_usd  what the cached tokens would have cost more at the plain rate of input
--   cache_writes_cost_usd  what the written tokens cost more than at the plain rate of input
--   saved_usd              the one less the other; below zero where more was written than it was worth
CREATE VIEW finance.cache_use AS
WITH by_price AS (
  SELECT day, organisation_id, organisation, team_id, team, provider, model, simulated, price_id,
    sum(input_tokens) AS input_tokens,
    sum(cached_input_tokens) AS cached_input_tokens,
    sum(cache_write_5m_tokens) AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens) AS cache_write_1h_tokens
  FROM ledger.usage
  WHERE unpriced_attempts = 0 AND token_source <> 'worst_case'
  GROUP BY day, organisation_id, organisation, team_id, team, provider, model, simulated, price_id
),
saved AS (
  SELECT day, organisation_id, organisation, team_id, team, provider, model, simulated,
    sum(u.input_tokens)::bigint AS input_tokens,
    sum(u.cached_input_tokens)::bigint AS cached_input_tokens,
    sum(u.cache_write_5m_tokens + u.cache_write_1h_tokens)::bigint AS cache_write_tokens,
    sum(u.cached_input_tokens * (p.input_usd_per_million - p.cached_input_usd_per_million)) * 0.000001 AS cached_reads_save_usd,
    sum(u.cache_write_5m_tokens * (p.cache_write_5m_usd_per_million - p.input_usd_per_million)
      + u.cache_write_1h_tokens * (p.cache_write_1h_usd_per_million - p.input_usd_per_million)) * 0.000001 AS cache_writes_cost_usd
  FROM by_price u JOIN ledger.price p ON p.id = u.price_id AND p.input_usd_per_million IS NOT NULL
  GROUP BY day, organisation_id, organisation, team_id, team, provider, model, simulated
  HAVING sum(u.input_tokens) <> 0
)
SELECT day, organisation, team, provider, model, simulated, cached_input_tokens, cache_write_tokens, input_tokens,
  trim_scale(round(cached_input_tokens::numeric / input_tokens, 4)) AS cached_share,
  trim_scale(cached_reads_save_usd) AS cached_reads_save_usd,
  trim_scale(cache_writes_cost_usd) AS cache_writes_cost_usd,
  trim_scale(cached_reads_save_usd - cache_writes_cost_usd) AS saved_usd,
  organisation_id, team_id
FROM saved;

-- The books as FOCUS 1.4 Cost and Usage (focus.finops.org): one row for each UTC day, team, provider account, route, model, price and kind of
-- token, so that a tool which knows FOCUS reads them beside the bills of a cloud. sum("BilledCost") is exactly the cost of all attempts that
-- have a price and were not simulated. Attempts without a price are not in it, because what they cost is not known; finance.cost_by_day
-- counts them.
--   BilledCost …              the four costs are the same: the books know list prices and no discounts, taxes or commitments
--   ChargeClass               'Correction': it belongs to a day of a month that was closed when it came; quantities may be below zero
--   BillingPeriod…            the accounting month
--   ChargePeriod…             the UTC day of the request
--   BillingAccountId          provider/account; the provider alone where nobody knows which account it was
--   SubAccountId              organisation/team; NULL where nobody knows which team it was
--   ResourceId                the route; NULL: a model was asked for directly
--   SkuId                     provider/model/kind of token; SkuPriceId: with the version of the price, and with the number of input tokens
--                             above which its rates hold
--   SkuMeter                  the kind by FOCUS's names: the writes for 5 minutes and for an hour share one, as do plain output and reasoning
--   SkuPriceDetails           by the names of the draft of FOCUS 1.5, which is the first that knows of tokens
--   x_Attempts                that the row is made of; those of the kinds of one day are the same ones, so do not add them up
--   ChargeCategory            'Adjustment' for "Unmeasured usage": what is booked beyond tokens × rates, above all the worst case of attempts
--                             whose end nobody saw. It has no quantity, and in FOCUS a row of usage must have one.
CREATE VIEW finance.focus_1_4 AS
WITH booked AS (
  SELECT day, accounting_month, request_month < accounting_month AS is_late,
    organisation_id, organisation, team_id, team, cost_centre, environment, route, route_version, provider, account, model, price_id,
    sum(attempts - unpriced_attempts) AS attempts,
    sum(cost_usd) AS cost_usd,
    -- Measured: the tokens of attempts that have a price, as somebody counted or estimated them, not as the most there may have been.
    sum(input_tokens - cached_input_tokens - cache_write_5m_tokens - cache_write_1h_tokens) FILTER (WHERE measured) AS plain_input,
    sum(cached_input_tokens) FILTER (WHERE measured) AS cache_read,
    sum(cache_write_5m_tokens) FILTER (WHERE measured) AS cache_write_5m,
    sum(cache_write_1h_tokens) FILTER (WHERE measured) AS cache_write_1h,
    sum(output_tokens - reasoning_tokens) FILTER (WHERE measured) AS plain_output,
    sum(reasoning_tokens) FILTER (WHERE measured) AS reasoning,
    -- Without what reached no provider: that is booked with a price, too, and no tokens.
    sum(attempts) FILTER (WHERE measured AND outcome <> 'failed_free') AS charged_requests
  FROM (SELECT *, unpriced_attempts = 0 AND token_source NOT IN ('none', 'worst_case') AS measured FROM ledger.usage WHERE NOT simulated) u
  GROUP BY day, accounting_month, is_late, organisation_id, organisation, team_id, team, cost_centre, environment, route, route_version,
    provider, account, model, price_id
),
line AS (
  SELECT b.*, p.version, p.above_input_tokens, concat_ws('/', b.provider, b.model, l.sku) AS sku_id,
    l.sku, l.meter, l.details, l.quantity, l.per, l.usd_per_unit, l.cost_usd AS line_usd
  FROM booked b
  JOIN ledger.price p ON p.id = b.price_id
  CROSS JOIN LATERAL (
    WITH measured AS (
      SELECT k.*, k.quantity * k.per * k.usd_per_unit AS cost_usd
      FROM (VALUES
        ('Input Tokens', 'Input Tokens', '{"TokenDirection": "Input", "TokenCacheAction": "Uncached"}'::jsonb,
          b.plain_input, 0.000001, p.input_usd_per_million),
        ('Cache Read Input Tokens', 'Cache Read Input Tokens', '{"TokenDirection": "Input", "TokenCacheAction": "Read"}',
          b.cache_read, 0.000001, p.cached_input_usd_per_million),
        ('Cache Write 5m Input Tokens', 'Cache Write Input Tokens',
          '{"TokenDirection": "Input", "TokenCacheAction": "Write", "x_CacheMinutes": 5}',
          b.cache_write_5m, 0.000001, p.cache_write_5m_usd_per_million),
        ('Cache Write 1h Input Tokens', 'Cache Write Input Tokens',
          '{"TokenDirection": "Input", "TokenCacheAction": "Write", "x_CacheMinutes": 60}',
          b.cache_write_1h, 0.000001, p.cache_write_1h_usd_per_million),
        ('Output Tokens', 'Output Tokens', '{"TokenDirection": "Output", "x_Reasoning": false}',
          b.plain_output, 0.000001, p.output_usd_per_million),
        ('Reasoning Output Tokens', 'Output Tokens', '{"TokenDirection": "Output", "x_Reasoning": true}',
          b.reasoning, 0.000001, p.reasoning_usd_per_million),
        ('Requests', 'Requests', '{}', b.charged_requests, 1, nullif(p.request_usd, 0))
      ) AS k (sku, meter, details, quantity, per, usd_per_unit)
      WHERE k.quantity <> 0 AND k.usd_per_unit IS NOT NULL
    )
    SELECT * FROM measured
    UNION ALL
    SELECT 'Unmeasured usage', 'Unmeasured usage', NULL, NULL, NULL, NULL, rest.cost_usd
    FROM (SELECT b.cost_usd - coalesce(sum(m.cost_usd), 0) AS cost_usd FROM measured m) rest
    WHERE rest.cost_usd <> 0
  ) l
)
SELECT
  trim_scale(line_usd) AS "BilledCost",
  concat_ws('/', provider, account) AS "BillingAccountId",
  account AS "BillingAccountName",
  'Provider account' AS "BillingAccountType",
  'USD' AS "BillingCurrency",
  accounting_month::timestamp AT TIME ZONE 'UTC' AS "BillingPeriodStart",
  (accounting_month + interval '1 month') AT TIME ZONE 'UTC' AS "BillingPeriodEnd",
  CASE WHEN quantity IS NULL THEN 'Adjustment' ELSE 'Usage' END AS "ChargeCategory",
  CASE WHEN is_late THEN 'Correction' END AS "ChargeClass",
  CASE WHEN quantity IS NULL THEN 'Unmeasured usage of ' ELSE sku || ' of ' END || concat_ws('/', provider, model) AS "ChargeDescription",
  'Usage-Based' AS "ChargeFrequency",
  day::timestamp AT TIME ZONE 'UTC' AS "ChargePeriodStart",
  (day + interval '1 day') AT TIME ZONE 'UTC' AS "ChargePeriodEnd",
  quantity AS "ConsumedQuantity",
  CASE WHEN quantity IS NOT NULL THEN CASE WHEN sku = 'Requests' THEN 'Requests' ELSE 'Tokens' END END AS "ConsumedUnit",
  trim_scale(line_usd) AS "ContractedCost",
  trim_scale(usd_per_unit) AS "ContractedUnitPrice",
  trim_scale(line_usd) AS "EffectiveCost",
  provider AS "HostProviderName",
  provider AS "InvoiceIssuerName",
  trim_scale(line_usd) AS "ListCost",
  trim_scale(usd_per_unit) AS "ListUnitPrice",
  CASE WHEN quantity IS NOT NULL THEN 'Standard' END AS "PricingCategory",
  trim_scale(quantity * per) AS "PricingQuantity",
  CASE WHEN quantity IS NOT NULL THEN CASE WHEN sku = 'Requests' THEN 'Requests' ELSE '1000000 Tokens' END END AS "PricingUnit",
  route AS "ResourceId",
  route AS "ResourceName",
  CASE WHEN route IS NOT NULL THEN 'Route' END AS "ResourceType",
  'AI and Machine Learning' AS "ServiceCategory",
  provider || ' model API' AS "ServiceName",
  provider AS "ServiceProviderName",
  'Generative AI' AS "ServiceSubcategory",
  sku_id AS "SkuId",
  meter AS "SkuMeter",
  CASE WHEN quantity IS NOT NULL
    THEN (jsonb_build_object('ModelId', model) || details
      || CASE WHEN above_input_tokens > 0 THEN jsonb_build_object('x_AboveInputTokens', above_input_tokens) ELSE '{}' END)::text
    END AS "SkuPriceDetails",
  CASE WHEN quantity IS NOT NULL
    THEN sku_id || '@' || version || CASE WHEN above_input_tokens > 0 THEN '>' || above_input_tokens ELSE '' END
    END AS "SkuPriceId",
  CASE WHEN team_id IS NOT NULL THEN concat_ws('/', organisation_id, team_id) END AS "SubAccountId",
  CASE WHEN team_id IS NOT NULL THEN team END AS "SubAccountName",
  CASE WHEN team_id IS NOT NULL THEN 'Team' END AS "SubAccountType",
  jsonb_strip_nulls(jsonb_build_object('cost_centre', cost_centre, 'environment', environment))::text AS "Tags",
  organisation AS "x_Organisation",
  organisation_id AS "x_OrganisationId",
  route AS "x_Route",
  route_version AS "x_RouteVersion",
  attempts::bigint AS "x_Attempts"
FROM line;

GRANT SELECT ON finance.cost_by_day, finance.month_statement, finance.unallocated, finance.wasted, finance.unit_cost, finance.top_movers,
  finance.cache_use, finance.focus_1_4 TO finance_reader;
