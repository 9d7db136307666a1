-- Savings: what was spent beside what a declared baseline would have cost. From sums by day, so that a month is answered without looking
-- at entries; docs/decisions/0031 says what is compared and what is not.

-- What is compared with: declared by somebody, for a reason, from a day on, and never changed. A change is a new version. The most special
-- declaration that has begun holds: the organisation's own before everyone's, and of these the route's own before that for all routes.
CREATE TABLE ledger.baseline (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- '': of every organisation that has none of its own.
  organisation_id text NOT NULL,
  -- '': of all routes that have none of their own, and of `auto`.
  route text NOT NULL,
  version int NOT NULL CHECK (version > 0),
  -- none: from that day on, nothing is compared.
  kind text NOT NULL CHECK (kind IN ('model', 'costliest_candidate', 'none')),
  -- <provider>/<model>; '' for another kind.
  model text NOT NULL,
  from_day date NOT NULL,
  -- Whose candidates are compared with; NULL for another kind.
  route_version bigint,
  -- Candidates that had no price when it was declared. They are compared with nothing.
  unpriced_models text[] NOT NULL,
  declared_at timestamptz NOT NULL DEFAULT now(),
  declared_by text NOT NULL,
  reason text NOT NULL,
  UNIQUE (organisation_id, route, version),
  CONSTRAINT model_by_kind CHECK ((kind = 'model') = (model <> '')),
  CONSTRAINT candidates_of_a_route CHECK ((kind = 'costliest_candidate') = (route_version IS NOT NULL) AND (kind <> 'costliest_candidate' OR route <> ''))
);

-- The rates of each of its models, copied from the price list when it was declared, so that what was stated stays what it is: in USD per
-- million tokens, by the days on which a price holds and the input above which a tier does.
CREATE TABLE ledger.baseline_rate (
  baseline_id bigint NOT NULL REFERENCES ledger.baseline (id),
  model text NOT NULL,
  from_day date NOT NULL,
  -- Exclusive; infinity: no other price was known.
  until_day date NOT NULL,
  above_input_tokens bigint NOT NULL,
  -- Inclusive; NULL: no end.
  up_to_input_tokens bigint,
  price_version text NOT NULL,
  input_usd_per_million numeric(31, 12) NOT NULL,
  cached_input_usd_per_million numeric(31, 12) NOT NULL,
  cache_write_5m_usd_per_million numeric(31, 12) NOT NULL,
  cache_write_1h_usd_per_million numeric(31, 12) NOT NULL,
  output_usd_per_million numeric(31, 12) NOT NULL,
  reasoning_usd_per_million numeric(31, 12) NOT NULL,
  request_usd numeric(31, 12) NOT NULL,
  PRIMARY KEY (baseline_id, model, from_day, above_input_tokens)
);

-- How good answers were beside those of a baseline, where somebody measured it: 1 is as good. Savings are never shown without it where it is
-- there.
CREATE TABLE ledger.quality_figure (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id text NOT NULL,
  -- '': of `auto`.
  route text NOT NULL,
  -- <provider>/<model> whose answers it was measured against.
  baseline_model text NOT NULL,
  from_day date NOT NULL,
  -- Exclusive.
  until_day date NOT NULL CHECK (until_day > from_day),
  quality numeric(9, 6) NOT NULL CHECK (quality >= 0),
  -- Answers that were looked at, and how.
  answers bigint NOT NULL CHECK (answers > 0),
  method text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by text NOT NULL
);

-- Append-only, like the books.
GRANT SELECT, INSERT ON ledger.baseline, ledger.baseline_rate, ledger.quality_figure TO waybill_ledger;

-- What usage is to a comparison: 'served' and 'failed' are what a baseline is compared with, the rest is counted apart.
--   kept        an answer that Waybill had kept was given again: it cost nothing, and its tokens are not known
--   direct      the client asked for this model and nothing else, so nothing was chosen for it
--   unpriced    its cost is unknown
--   unmeasured  it was served, and booked with its worst case because nobody counted its tokens
CREATE FUNCTION ledger.usage_kind(route text, requested_model text, outcome text, token_source text, is_unpriced boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN outcome = 'success' AND token_source = 'none' THEN 'kept'
    WHEN route IS NULL AND requested_model IS DISTINCT FROM 'auto' THEN 'direct'
    WHEN is_unpriced THEN 'unpriced'
    WHEN outcome NOT IN ('success', 'partial') THEN 'failed'
    WHEN token_source = 'worst_case' THEN 'unmeasured'
    ELSE 'served' END
$$;

-- What tokens cost at rates of a baseline, exactly. `input_tokens` with what was read from a cache or written to it, `output_tokens` with
-- reasoning.
CREATE FUNCTION ledger.cost_at(rate ledger.baseline_rate, answers numeric, input_tokens numeric, cached_input_tokens numeric,
  cache_write_5m_tokens numeric, cache_write_1h_tokens numeric, output_tokens numeric, reasoning_tokens numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
  SELECT answers * rate.request_usd + 0.000001 * (
    (input_tokens - cached_input_tokens - cache_write_5m_tokens - cache_write_1h_tokens) * rate.input_usd_per_million
    + cached_input_tokens * rate.cached_input_usd_per_million
    + cache_write_5m_tokens * rate.cache_write_5m_usd_per_million
    + cache_write_1h_tokens * rate.cache_write_1h_usd_per_million
    + (output_tokens - reasoning_tokens) * rate.output_usd_per_million
    + reasoning_tokens * rate.reasoning_usd_per_million)
$$;

-- Each attempt beside its baseline, as it stands now; for one request, because it reads entries. A price is that at the beginning of the
-- attempt's UTC day, as in the sums; its tier is the one of its own input.
CREATE VIEW ledger.attempt_savings AS
WITH attempt AS (
  SELECT *, (occurred_at AT TIME ZONE 'UTC')::date AS day,
    ledger.usage_kind(route, requested_model, outcome, token_source, state = 'unpriced') AS usage_kind
  FROM ledger.attempt
)
SELECT a.request_month, a.request_id, a.attempt, a.organisation_id, a.usage_kind, a.cost_usd, b.kind, b.version, c.model AS baseline_model,
  CASE WHEN a.usage_kind NOT IN ('served', 'failed') THEN a.usage_kind
    WHEN coalesce(b.kind, 'none') = 'none' THEN 'no_baseline'
    WHEN c.model IS NULL THEN 'no_baseline_price'
    ELSE 'compared' END AS comparison,
  CASE WHEN a.usage_kind = 'served' THEN c.cost_usd WHEN c.model IS NOT NULL THEN 0 END AS baseline_cost_usd,
  CASE WHEN a.usage_kind = 'served' THEN c.lost_cache_reads_at_most_usd WHEN c.model IS NOT NULL THEN 0 END AS lost_cache_reads_at_most_usd,
  CASE WHEN a.usage_kind = 'kept' THEN (a.evidence->'kept_answer'->>'saved_usd')::numeric END AS kept_answer_saved_usd
FROM attempt a
LEFT JOIN LATERAL (
  SELECT * FROM ledger.baseline d
  WHERE a.usage_kind IN ('served', 'failed') AND d.organisation_id IN (a.organisation_id, '') AND d.route IN (coalesce(a.route, ''), '')
    AND d.from_day <= a.day
  ORDER BY d.organisation_id <> '' DESC, d.route <> '' DESC, d.from_day DESC, d.version DESC LIMIT 1
) b ON true
LEFT JOIN LATERAL (
  SELECT r.model,
    ledger.cost_at(r, 1, a.input_tokens, a.cached_input_tokens, a.cache_write_5m_tokens, a.cache_write_1h_tokens,
      a.output_tokens, a.reasoning_tokens) AS cost_usd,
    ledger.cost_at(r, 0, a.input_tokens, a.cached_input_tokens, a.cache_write_5m_tokens, a.cache_write_1h_tokens, 0, 0)
      - ledger.cost_at(r, 0, a.input_tokens, a.input_tokens, 0, 0, 0, 0) AS lost_cache_reads_at_most_usd
  FROM ledger.baseline_rate r
  WHERE r.baseline_id = b.id AND a.day >= r.from_day AND a.day < r.until_day
    AND (a.input_tokens > r.above_input_tokens OR r.above_input_tokens = 0)
    AND (r.up_to_input_tokens IS NULL OR a.input_tokens <= r.up_to_input_tokens)
  ORDER BY 2 DESC, 1 LIMIT 1
) c ON true;

-- The same from sums by day. Of a tier it knows what the sums know: the input above which the rates of the model that answered held. So a
-- baseline with dearer tiers may come out cheaper here than request by request, never dearer where tiers get dearer with the input; and
-- so does the costliest candidate, which is that of the sum.
CREATE VIEW ledger.savings AS
WITH used AS (
  SELECT day, accounting_month, organisation_id, organisation, team_id, team, route, provider, model, simulated, price_id, usage_kind,
    sum(attempts) AS attempts, sum(unpriced_attempts) AS unpriced_attempts, sum(cost_usd) AS cost_usd,
    sum(input_tokens) AS input_tokens, sum(cached_input_tokens) AS cached_input_tokens,
    sum(cache_write_5m_tokens) AS cache_write_5m_tokens, sum(cache_write_1h_tokens) AS cache_write_1h_tokens,
    sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens
  FROM (
    SELECT *, ledger.usage_kind(route, requested_model, outcome, token_source, unpriced_attempts <> 0) AS usage_kind FROM ledger.usage
  ) u
  GROUP BY day, accounting_month, organisation_id, organisation, team_id, team, route, provider, model, simulated, price_id, usage_kind
)
SELECT u.day, u.accounting_month, u.organisation_id, u.organisation, u.team_id, u.team, u.route, u.provider, u.model, u.simulated,
  u.usage_kind, u.attempts, u.unpriced_attempts, u.cost_usd,
  b.kind, b.version, c.model AS baseline_model,
  CASE WHEN u.usage_kind NOT IN ('served', 'failed') THEN u.usage_kind
    WHEN coalesce(b.kind, 'none') = 'none' THEN 'no_baseline'
    WHEN c.model IS NULL THEN 'no_baseline_price'
    ELSE 'compared' END AS comparison,
  CASE b.kind WHEN 'model' THEN b.model WHEN 'costliest_candidate' THEN 'costliest candidate of ' || b.route END
    || ' (version ' || b.version || ')' AS baseline,
  CASE WHEN u.usage_kind = 'served' THEN c.cost_usd WHEN c.model IS NOT NULL THEN 0 END AS baseline_cost_usd,
  CASE WHEN u.usage_kind = 'served' THEN c.lost_cache_reads_at_most_usd WHEN c.model IS NOT NULL THEN 0 END AS lost_cache_reads_at_most_usd,
  q.quality
FROM used u
JOIN ledger.price p ON p.id = u.price_id
LEFT JOIN LATERAL (
  SELECT * FROM ledger.baseline d
  WHERE u.usage_kind IN ('served', 'failed') AND d.organisation_id IN (u.organisation_id, '') AND d.route IN (coalesce(u.route, ''), '')
    AND d.from_day <= u.day
  ORDER BY d.organisation_id <> '' DESC, d.route <> '' DESC, d.from_day DESC, d.version DESC LIMIT 1
) b ON true
LEFT JOIN LATERAL (
  SELECT r.model,
    ledger.cost_at(r, u.attempts, u.input_tokens, u.cached_input_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens,
      u.output_tokens, u.reasoning_tokens) AS cost_usd,
    ledger.cost_at(r, 0, u.input_tokens, u.cached_input_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens, 0, 0)
      - ledger.cost_at(r, 0, u.input_tokens, u.input_tokens, 0, 0, 0, 0) AS lost_cache_reads_at_most_usd
  FROM ledger.baseline_rate r
  WHERE r.baseline_id = b.id AND u.day >= r.from_day AND u.day < r.until_day
    AND coalesce(p.above_input_tokens, 0) >= r.above_input_tokens
    AND (r.up_to_input_tokens IS NULL OR coalesce(p.above_input_tokens, 0) < r.up_to_input_tokens)
  -- What is taken back is below zero, and the costliest then the one furthest below.
  ORDER BY abs(ledger.cost_at(r, u.attempts, u.input_tokens, u.cached_input_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens,
      u.output_tokens, u.reasoning_tokens)) DESC, 1 LIMIT 1
) c ON true
LEFT JOIN LATERAL (
  SELECT f.quality FROM ledger.quality_figure f
  WHERE u.usage_kind = 'served' AND f.organisation_id = u.organisation_id AND f.route = coalesce(u.route, '') AND f.baseline_model = c.model
    AND u.day >= f.from_day AND u.day < f.until_day
  ORDER BY f.recorded_at DESC, f.id DESC LIMIT 1
) q ON true;
GRANT SELECT ON ledger.attempt_savings, ledger.savings TO waybill_ledger;

-- Savings by day, team, route and model: what was spent, and what the baseline of that day would have cost for the same answers, with the same
-- tokens (how long its answers would have been, nobody knows). Every attempt is in one row: add up `cost_usd` of all rows, and it is
-- what the books say.
--   comparison                    'compared', or why not: kept, direct, unpriced, unmeasured (ledger.usage_kind explains them),
--                                 no_baseline (none was declared), no_baseline_price (nobody knew what it costs on that day)
--   baseline                      as it was declared; baseline_model: the one it was priced with
--   answers                       whole ones, and those that broke off
--   cost_usd                      of all attempts; failed_cost_usd: of it, of those that served nobody, for which a baseline costs nothing
--   saved_usd                     baseline_cost_usd less cost_usd; below zero: it cost more. NULL where nothing was compared
--   lost_cache_reads_at_most_usd  not in saved_usd: what the baseline would cost less if its cache had held all of the input
--   quality                       of answers beside those of the baseline's model, where somebody measured it: 1 is as good. NULL: nobody did
CREATE VIEW finance.savings AS
SELECT day, accounting_month, organisation, team, route, provider, model, simulated, comparison, baseline, baseline_model,
  sum(attempts)::bigint AS attempts,
  coalesce(sum(attempts) FILTER (WHERE usage_kind IN ('served', 'kept', 'unmeasured')), 0)::bigint AS answers,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  trim_scale(coalesce(sum(cost_usd) FILTER (WHERE usage_kind = 'failed'), 0)) AS failed_cost_usd,
  trim_scale(sum(baseline_cost_usd)) AS baseline_cost_usd,
  trim_scale(sum(baseline_cost_usd) - sum(cost_usd)) AS saved_usd,
  trim_scale(sum(lost_cache_reads_at_most_usd)) AS lost_cache_reads_at_most_usd,
  trim_scale(quality) AS quality,
  organisation_id, team_id
FROM ledger.savings
GROUP BY day, accounting_month, organisation_id, organisation, team_id, team, route, provider, model, simulated, comparison, baseline,
  baseline_model, quality
HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0;

-- A month's statement of savings: one row for each accounting month and organisation. Columns as in finance.savings, and:
--   baselines              those that were compared with
--   routing_cost_usd       what choosing cost: 0, because no model is asked in order to choose
--   saved_usd              baseline_cost_usd less compared_cost_usd and routing_cost_usd
--   saved_share            of baseline_cost_usd, rounded to 4 places
--   quality                by answers, rounded to 4 places, of the `quality_answers` for which there is a figure
--   kept_answers           given again by Waybill, without a call
--   not_compared_attempts  and not_compared_cost_usd: direct, unpriced, unmeasured, or without a baseline
--   closed                 the month is closed: this row never changes
CREATE VIEW finance.savings_statement AS
SELECT accounting_month, organisation, simulated,
  string_agg(DISTINCT baseline, ', ') FILTER (WHERE comparison = 'compared') AS baselines,
  coalesce(sum(attempts) FILTER (WHERE comparison = 'compared' AND usage_kind = 'served'), 0)::bigint AS answers,
  trim_scale(sum(cost_usd) FILTER (WHERE comparison = 'compared')) AS compared_cost_usd,
  trim_scale(sum(cost_usd) FILTER (WHERE comparison = 'compared' AND usage_kind = 'failed')) AS failed_cost_usd,
  trim_scale(sum(baseline_cost_usd) FILTER (WHERE comparison = 'compared')) AS baseline_cost_usd,
  0::numeric AS routing_cost_usd,
  trim_scale(sum(baseline_cost_usd - cost_usd) FILTER (WHERE comparison = 'compared')) AS saved_usd,
  trim_scale(round(sum(baseline_cost_usd - cost_usd) FILTER (WHERE comparison = 'compared')
    / nullif(sum(baseline_cost_usd) FILTER (WHERE comparison = 'compared'), 0), 4)) AS saved_share,
  trim_scale(sum(lost_cache_reads_at_most_usd) FILTER (WHERE comparison = 'compared')) AS lost_cache_reads_at_most_usd,
  trim_scale(round(sum(quality * attempts) / nullif(sum(attempts) FILTER (WHERE quality IS NOT NULL), 0), 4)) AS quality,
  coalesce(sum(attempts) FILTER (WHERE quality IS NOT NULL), 0)::bigint AS quality_answers,
  coalesce(sum(attempts) FILTER (WHERE comparison = 'kept'), 0)::bigint AS kept_answers,
  coalesce(sum(attempts) FILTER (WHERE comparison NOT IN ('compared', 'kept')), 0)::bigint AS not_compared_attempts,
  ledger.known_part(sum(cost_usd) FILTER (WHERE comparison NOT IN ('compared', 'kept')),
    sum(attempts) FILTER (WHERE comparison NOT IN ('compared', 'kept')),
    sum(unpriced_attempts) FILTER (WHERE comparison NOT IN ('compared', 'kept'))) AS not_compared_cost_usd,
  sum(unpriced_attempts)::bigint AS unpriced_attempts,
  EXISTS (SELECT FROM ledger.closed_month c WHERE c.month >= accounting_month) AS closed,
  organisation_id
FROM ledger.savings
GROUP BY accounting_month, organisation_id, organisation, simulated
HAVING sum(attempts) <> 0 OR sum(cost_usd) <> 0;

GRANT SELECT ON finance.savings, finance.savings_statement TO finance_reader;

-- The ledger gives the rows of FOCUS out as files, too.
GRANT USAGE ON SCHEMA finance TO waybill_ledger;
GRANT SELECT ON finance.focus_1_4 TO waybill_ledger;

-- Budgets against actual ----------------------------------------------------------------------------------------------------------

-- Windows of budgets that began in the last 400 days, as the budget service shows them, in USD; none where its schema is not in this
-- database or is older than that view. As the owner, because neither finance nor the ledger may see a table of budgets.
CREATE FUNCTION ledger.budget_windows() RETURNS TABLE (
  window_id bigint, budget_id text, name text, value text, organisation_id text, team_id text, user_id text, key_id text, end_user_id text,
  route text, provider text, model text, tag_name text, tag_value text, window_kind text, enforcement text, is_deleted boolean,
  created_at timestamptz, starts_at timestamptz, ends_at timestamptz, limit_usd numeric, posted_usd numeric, held_usd numeric, granted_usd numeric
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF to_regclass('budget.window_standing') IS NOT NULL THEN
    RETURN QUERY EXECUTE '
      SELECT window_id, budget_id, name, value, organisation_id, team_id, user_id, key_id, end_user_id, route, provider, model, tag_name,
        tag_value, window_kind, enforcement, is_deleted, created_at, starts_at, ends_at, limit_pico_usd * 0.000000000001,
        posted_pico_usd * 0.000000000001, held_pico_usd * 0.000000000001, granted_pico_usd * 0.000000000001
      FROM budget.window_standing WHERE starts_at > now() - interval ''400 days'' OR ends_at IS NULL OR ends_at > now()';
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger.budget_windows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.budget_windows() TO finance_reader;

-- So that a budget's part is found without looking at all of a month. Its columns never change, so adding to a sum costs no more.
CREATE INDEX usage_day_of_attribution ON ledger.usage_day (attribution_id, day);

-- Budgets against actual: one row for each window of a budget of money, also those that have ended.
--   value           of a budget for each team, user, …: whose window it is; NULL: the budget is for one
--   running         the window has not ended
--   limit_usd       with what was carried in, and a raise while it lasts
--   posted_usd      what the budget service has counted; held_usd: of calls under way, at most that much more
--   booked_usd      what the books say of the same scope and time, simulated answers too, because budgets count them
--   difference_usd  posted_usd less booked_usd
--   not_booked_because  NULL, or why there is no booked_usd: the sums know no end users and no tags but `environment`, and whole hours only
--   used_share      of limit_usd, rounded to 4 places; NULL where that is 0
--   projected_usd   posted_usd at the end of the window, if it goes on as it did since the window, or the budget, began; of a running window
--                   that ends. projected_share: of limit_usd
CREATE VIEW finance.budget_against_actual AS
WITH standing AS MATERIALIZED (
  SELECT w.*, not_booked_because IS NULL AS is_booked
  FROM (
    SELECT *,
      -- The whole UTC days inside it are answered by sums by day, which are few and stay; the hours at its edges by sums by hour.
      ceil(extract(epoch FROM starts_at) / 86400)::int + date '1970-01-01' AS days_from,
      floor(extract(epoch FROM ends_at) / 86400)::int + date '1970-01-01' AS days_until,
      CASE
        WHEN end_user_id <> '' THEN 'it is for an end user'
        WHEN tag_name NOT IN ('', 'environment') THEN 'it is for a tag'
        WHEN starts_at <> date_trunc('hour', starts_at) OR ends_at <> date_trunc('hour', ends_at) THEN 'it begins or ends within an hour'
        WHEN (starts_at <> date_trunc('day', starts_at, 'UTC') OR ends_at <> date_trunc('day', ends_at, 'UTC')) AND EXISTS (
          SELECT FROM ledger.month m WHERE m.dropped_at IS NOT NULL AND m.month + interval '1 month' > starts_at AT TIME ZONE 'UTC'
        ) THEN 'the sums by hour of that time are dropped'
      END AS not_booked_because,
      -- By what it is found: the narrowest of whom it is for.
      CASE WHEN key_id <> '' THEN 'key' WHEN user_id <> '' THEN 'user' WHEN team_id <> '' THEN 'team' ELSE 'organisation' END AS who_kind,
      coalesce(nullif(key_id, ''), nullif(user_id, ''), nullif(team_id, ''), organisation_id) AS who_id
    FROM ledger.budget_windows()
  ) w
),
who AS (
  SELECT s.window_id, a.id
  FROM (
    SELECT a.*, k.kind, k.value FROM ledger.attribution a
    CROSS JOIN LATERAL (VALUES ('organisation', organisation_id), ('team', team_id), ('user', user_id), ('key', key_id)) AS k (kind, value)
  ) a
  JOIN standing s ON s.organisation_id = a.organisation_id AND s.who_kind = a.kind AND s.who_id = a.value AND s.is_booked
  WHERE (s.team_id = '' OR a.team_id = s.team_id) AND (s.user_id = '' OR a.user_id = s.user_id)
    AND (s.tag_name = '' OR a.environment = s.tag_value)
),
way AS (
  SELECT s.window_id, r.id FROM standing s JOIN ledger.routing r
    ON (s.route = '' OR r.route = s.route) AND (s.provider = '' OR r.provider = s.provider) AND (s.model = '' OR r.model = s.model)
  WHERE s.is_booked
),
edge AS (
  SELECT window_id, e.from_hour, e.until_hour
  FROM standing s
  CROSS JOIN LATERAL (VALUES
    (starts_at, least(days_from::timestamp AT TIME ZONE 'UTC', ends_at)),
    (greatest(days_from, days_until)::timestamp AT TIME ZONE 'UTC', ends_at)
  ) AS e (from_hour, until_hour)
  WHERE is_booked AND e.from_hour < e.until_hour
),
sums AS (
  SELECT s.window_id, d.routing_id, d.cost_usd, d.unpriced_attempts
  FROM standing s
  JOIN who ON who.window_id = s.window_id
  JOIN ledger.usage_day d ON d.attribution_id = who.id AND d.day >= s.days_from AND d.day < coalesce(s.days_until, 'infinity')
  UNION ALL
  SELECT e.window_id, h.routing_id, h.cost_usd, h.unpriced_attempts
  FROM edge e
  JOIN who ON who.window_id = e.window_id
  JOIN ledger.usage_hour h ON h.request_month = date_trunc('month', e.from_hour AT TIME ZONE 'UTC')::date
    AND h.hour >= e.from_hour AND h.hour < e.until_hour AND h.attribution_id = who.id
),
booked AS (
  SELECT window_id, sum(cost_usd) AS cost_usd, sum(unpriced_attempts) AS unpriced_attempts
  FROM sums JOIN way USING (window_id) WHERE way.id = sums.routing_id GROUP BY window_id
),
whole AS (
  SELECT s.*, coalesce(s.ends_at > now(), true) AS running,
    CASE WHEN s.is_booked THEN coalesce(b.cost_usd, 0) END AS booked_usd,
    CASE WHEN s.is_booked THEN coalesce(b.unpriced_attempts, 0) END AS unpriced_attempts,
    CASE WHEN s.ends_at > now() THEN s.posted_usd * extract(epoch FROM s.ends_at - greatest(s.starts_at, s.created_at))
      / nullif(extract(epoch FROM now() - greatest(s.starts_at, s.created_at)), 0) END AS projected_usd
  FROM standing s LEFT JOIN booked b ON b.window_id = s.window_id
)
SELECT organisation_id, budget_id, name AS budget, nullif(value, '') AS value, enforcement, window_kind, starts_at, ends_at, running,
  trim_scale(limit_usd) AS limit_usd, trim_scale(posted_usd) AS posted_usd, trim_scale(held_usd + granted_usd) AS held_usd,
  trim_scale(booked_usd) AS booked_usd, trim_scale(posted_usd - booked_usd) AS difference_usd, not_booked_because,
  unpriced_attempts::bigint AS unpriced_attempts,
  trim_scale(round(posted_usd / nullif(limit_usd, 0), 4)) AS used_share,
  trim_scale(round(projected_usd, 6)) AS projected_usd,
  trim_scale(round(projected_usd / nullif(limit_usd, 0), 4)) AS projected_share,
  created_at AS made_at, is_deleted AS deleted
FROM whole;
GRANT SELECT ON finance.budget_against_actual TO finance_reader;
