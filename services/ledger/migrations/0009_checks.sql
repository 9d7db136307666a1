-- What must never be found, and what finance reads, on the books by month.

-- Empty when the books are right; each row names the rule (docs/finance.md lists them), says what is wrong, and with which attempt or month.
CREATE VIEW ledger.problem AS
SELECT 'M7' AS rule, 'postings do not sum to zero' AS problem, request_month, request_id, attempt, 'entry ' || sequence AS detail
FROM ledger.posting GROUP BY request_month, request_id, attempt, sequence
HAVING sum(amount_usd) <> 0 OR count(*) < 2
UNION ALL
SELECT 'M7', 'what is posted is not what the entry says', request_month, request_id, attempt, 'entry ' || sequence
FROM ledger.entry e
FULL JOIN (
  SELECT request_month, request_id, attempt, sequence,
    sum(amount_usd) FILTER (WHERE account LIKE 'spend:%') AS spent_usd,
    sum(amount_usd) FILTER (WHERE account LIKE 'payable:%') AS owed_usd
  FROM ledger.posting GROUP BY request_month, request_id, attempt, sequence
) p USING (request_month, request_id, attempt, sequence)
WHERE e.cost_usd IS DISTINCT FROM p.spent_usd OR e.cost_usd IS DISTINCT FROM -p.owed_usd
UNION ALL
SELECT 'M1', 'the month in the key is not the month of the request', request_month, request_id, attempt, 'entry ' || sequence
FROM ledger.entry WHERE request_month <> date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date
UNION ALL
SELECT 'M1', 'the entries do not add up to the record that stands', request_month, request_id, attempt,
  coalesce(e.attempts, 0) || ' attempts in ' || coalesce(e.originals, 0) || ' original entries'
FROM (
  SELECT request_month, request_id, attempt, sum(sign) AS attempts, sum(cost_usd) AS cost_usd,
    count(*) FILTER (WHERE class = 'original') AS originals
  FROM ledger.entry GROUP BY request_month, request_id, attempt
) e
FULL JOIN (
  SELECT DISTINCT ON (request_month, request_id, attempt) request_month, request_id, attempt, cost_usd
  FROM ledger.usage_record ORDER BY request_month, request_id, attempt, ledger.source_rank(source) DESC
) r USING (request_month, request_id, attempt)
WHERE e.attempts IS DISTINCT FROM 1 OR e.originals <> 1 OR r.request_month IS NULL
  OR coalesce(e.cost_usd, 0) <> coalesce(r.cost_usd, 0)
UNION ALL
SELECT 'M9', 'it is not said to whom, by which way or at which price', e.request_month, e.request_id, e.attempt, 'entry ' || e.sequence
FROM ledger.entry e
LEFT JOIN ledger.attribution a ON a.id = e.attribution_id
LEFT JOIN ledger.routing r ON r.id = e.routing_id
LEFT JOIN ledger.price p ON p.id = e.price_id
LEFT JOIN ledger.carrier c ON c.id = e.carrier_id
WHERE a.id IS NULL OR r.id IS NULL OR p.id IS NULL OR c.id IS NULL OR a.organisation_id = '' OR r.provider = '' OR r.model = ''
  OR (e.cost_usd <> 0 AND p.version IS NULL)
UNION ALL
SELECT 'M8', 'the sums of an hour are not those of its entries', coalesce(h.request_month, e.request_month), NULL, NULL,
  to_char(coalesce(h.hour, e.hour) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
FROM (SELECT h.* FROM ledger.usage_hour h JOIN ledger.month m ON m.month = h.request_month AND m.dropped_at IS NULL) h
FULL JOIN ledger.usage_hour_of_entries e
  ON (h.request_month, h.accounting_month, h.hour, h.attribution_id, h.routing_id, h.price_id, h.outcome, h.token_source)
   = (e.request_month, e.accounting_month, e.hour, e.attribution_id, e.routing_id, e.price_id, e.outcome, e.token_source)
WHERE h.* IS DISTINCT FROM e.*
UNION ALL
SELECT 'M8', 'the sums of a day are not those of its hours', coalesce(d.request_month, h.request_month), NULL, NULL,
  coalesce(d.day, h.day)::text
FROM (SELECT d.* FROM ledger.usage_day d JOIN ledger.month m ON m.month = d.request_month AND m.dropped_at IS NULL) d
FULL JOIN ledger.usage_day_of_hours h
  ON (d.request_month, d.accounting_month, d.day, d.attribution_id, d.routing_id, d.price_id, d.outcome, d.token_source)
   = (h.request_month, h.accounting_month, h.day, h.attribution_id, h.routing_id, h.price_id, h.outcome, h.token_source)
WHERE d.* IS DISTINCT FROM h.*
UNION ALL
SELECT 'M16', 'it was booked in a month that was closed', e.request_month, e.request_id, e.attempt, 'entry ' || e.sequence
FROM ledger.entry e
WHERE EXISTS (SELECT FROM ledger.closed_month c WHERE c.month >= e.accounting_month AND c.closed_at < e.posted_at)
UNION ALL
SELECT 'M16', 'a closed month is not what it was when it was closed', c.month, NULL, NULL,
  'closed with ' || c.cost_usd || ' USD, now ' || coalesce(d.cost_usd, 0)
FROM ledger.closed_month c
LEFT JOIN (
  SELECT accounting_month, sum(requests) AS requests, sum(attempts) AS attempts, sum(unpriced_attempts) AS unpriced_attempts,
    sum(cost_usd) AS cost_usd
  FROM ledger.usage_day GROUP BY accounting_month
) d ON d.accounting_month = c.month
WHERE (c.requests, c.attempts, c.unpriced_attempts, c.cost_usd)
  <> (coalesce(d.requests, 0), coalesce(d.attempts, 0), coalesce(d.unpriced_attempts, 0), coalesce(d.cost_usd, 0));
GRANT SELECT ON ledger.problem TO waybill_ledger;

-- A chain of digests with a link for each UTC day of booking: of the entries booked on that day, by month of request so that it can be
-- looked at without the months that are dropped, and of the link before. Whoever changes an entry has to change every link after it, and
-- the digests stand in the log of the ledger, too.
CREATE TABLE ledger.checkpoint (
  day date PRIMARY KEY,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The digest of the link before; NULL: the first.
  previous bytea,
  -- By month of request: {"2026-11-01": {"entries": 12, "digest": "<sha256 hex>"}}
  months jsonb NOT NULL,
  digest bytea NOT NULL
);
GRANT SELECT, INSERT ON ledger.checkpoint TO waybill_ledger;

-- An entry as it is digested: what it says about money and whom it concerns, by ids and not by names; of the price its version. The text of
-- a line never changes, because digests of old ones are made of it again.
CREATE VIEW ledger.entry_line AS
SELECT e.request_month, e.posted_at, e.request_id, e.attempt, e.sequence,
  concat_ws('|', e.request_id, e.attempt, e.sequence, e.class, e.sign, e.source, e.outcome, to_char(e.accounting_month, 'YYYY-MM'),
    floor(extract(epoch FROM e.occurred_at) * 1000)::bigint, coalesce(trim_scale(e.cost_usd)::text, 'unknown'), e.token_source,
    e.input_tokens, e.cached_input_tokens, e.cache_write_5m_tokens, e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens,
    d.name, c.name, to_jsonb(ARRAY[e.organisation_id, e.team_id, e.cost_centre, e.user_id, e.key_id, e.environment, e.route, e.provider,
      e.provider_account, e.model, e.price_version, e.end_user_id]), e.tags, e.simulated) AS line
FROM ledger.entry_whole e
JOIN ledger.account d ON d.id = e.debit_account_id
JOIN ledger.account c ON c.id = e.credit_account_id;
GRANT SELECT ON ledger.entry_line TO waybill_ledger;

-- Finance's views. docs/finance.md explains them.

-- What every view of sums is made of: usage by UTC day with all that it can be grouped by. Not shown itself, because a view of a view
-- that somebody else owns needs no rights on it.
CREATE VIEW ledger.usage AS
SELECT d.day, d.accounting_month, d.request_month,
  a.organisation_id, coalesce(a.organisation_name, a.organisation_id) AS organisation,
  a.team_id, coalesce(a.team_name, a.team_id) AS team, a.cost_centre,
  a.user_id, coalesce(a.user_name, a.user_id) AS user_name, a.key_id, coalesce(a.key_name, a.key_id) AS key_name, a.environment,
  r.route, r.route_version, r.requested_model, r.provider, r.provider_account AS account, r.model, r.upstream_model, r.simulated,
  d.outcome, d.token_source, d.price_id, p.version AS price_version,
  d.requests, d.attempts, d.unpriced_attempts, d.suspect_attempts,
  d.input_tokens, d.cached_input_tokens, d.cache_write_5m_tokens, d.cache_write_1h_tokens, d.output_tokens, d.reasoning_tokens,
  d.cost_usd, d.duration_ms
FROM ledger.usage_day d
JOIN ledger.attribution a ON a.id = d.attribution_id
JOIN ledger.routing r ON r.id = d.routing_id
JOIN ledger.price p ON p.id = d.price_id;

-- A sum of costs: exact, without the attempts whose price is unknown; NULL where none has a price.
CREATE FUNCTION ledger.known_cost(cost_usd numeric, attempts numeric, unpriced_attempts numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN attempts <> unpriced_attempts OR cost_usd <> 0 THEN trim_scale(cost_usd) END $$;

CREATE VIEW finance.cost_by_team_day AS
SELECT day, organisation, team,
  sum(requests)::bigint AS requests,
  sum(attempts)::bigint AS attempts,
  sum(input_tokens)::bigint AS input_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  trim_scale(coalesce(sum(cost_usd) FILTER (WHERE token_source <> 'provider'), 0)) AS estimated_cost_usd,
  simulated,
  organisation_id, team_id,
  sum(unpriced_attempts)::bigint AS unpriced_attempts
FROM ledger.usage
GROUP BY day, organisation_id, team_id, organisation, team, simulated
HAVING sum(attempts) <> 0;

-- Cost by provider, account and UTC day of the request: what an invoice is held against. Columns as in cost_by_team_day.
CREATE VIEW finance.cost_by_account_day AS
SELECT day, provider, account,
  sum(attempts)::bigint AS attempts,
  sum(input_tokens)::bigint AS input_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  ledger.known_cost(sum(cost_usd), sum(attempts), sum(unpriced_attempts)) AS cost_usd,
  trim_scale(coalesce(sum(cost_usd) FILTER (WHERE token_source <> 'provider'), 0)) AS estimated_cost_usd,
  sum(unpriced_attempts)::bigint AS unpriced_attempts,
  simulated
FROM ledger.usage
GROUP BY day, provider, account, simulated
HAVING sum(attempts) <> 0;

-- Attempts whose cost is doubtful, each as it stands now: figures that contradicted themselves were bounded, or something was asked
-- for or used that the catalogue's price does not cover. `evidence` says which, in names and numbers only.
CREATE VIEW finance.suspect_attempt AS
WITH standing AS (
  SELECT * FROM ledger.entry_whole e
  WHERE suspect AND sign = 1 AND NOT EXISTS (
    SELECT FROM ledger.entry later
    WHERE later.request_month = e.request_month AND later.request_id = e.request_id AND later.attempt = e.attempt
      AND later.sequence > e.sequence)
)
SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, request_id, attempt,
  coalesce(organisation_name, organisation_id) AS organisation, coalesce(team_name, team_id) AS team,
  provider, provider_account AS account, model, input_tokens, output_tokens, trim_scale(cost_usd) AS cost_usd,
  evidence, simulated
FROM standing;

GRANT SELECT ON finance.cost_by_team_day, finance.cost_by_account_day, finance.suspect_attempt TO finance_reader;
