-- The books by month: a partition for each month inside the request ids, so that old months are dropped, never deleted row by row.
-- What many entries have in common (who, by which way, at which price, between which accounts) is kept once, under an id made of its
-- content, so that an entry is small and a roll-up can say what it sums.

-- What stands on these until now is made anew below.
DROP VIEW finance.cost_by_team_day, finance.cost_by_account_day, finance.suspect_attempt, ledger.attempt, ledger.problem;
ALTER TABLE ledger.usage_record RENAME TO usage_record_whole;
ALTER TABLE ledger.entry RENAME TO entry_whole;
ALTER TABLE ledger.posting RENAME TO posting_whole;
DROP TRIGGER postings_balance ON ledger.posting_whole;
DROP FUNCTION ledger.refuse_unbalanced();

-- Months --------------------------------------------------------------------------------------------------------------

-- Every month that ever had partitions. A record of a month that was dropped is never booked again.
CREATE TABLE ledger.month (
  month date PRIMARY KEY CHECK (month = date_trunc('month', month)::date),
  opened_at timestamptz NOT NULL DEFAULT now(),
  dropped_at timestamptz
);

CREATE TABLE ledger.usage_record (
  request_month date NOT NULL,
  request_id uuid NOT NULL,
  attempt smallint NOT NULL,
  source text NOT NULL,
  outcome text NOT NULL,
  -- NULL: the price is unknown.
  cost_usd numeric(31, 12),
  -- The entry it made; NULL: a record of higher rank stood already, so it changed nothing.
  entry_sequence smallint,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (request_month, request_id, attempt, source)
) PARTITION BY RANGE (request_month);

-- Who, which way, at which price ----------------------------------------------------------------------------------------
-- Ids are made of the content, so the same content has the same id in every ledger process, and adding it twice changes nothing.

-- To whom a cost belongs: ids, and the names of that moment.
CREATE TABLE ledger.attribution (
  id uuid PRIMARY KEY,
  organisation_id text NOT NULL,
  organisation_name text,
  team_id text,
  team_name text,
  cost_centre text,
  user_id text,
  user_name text,
  key_id text,
  key_name text,
  environment text
);

-- By which way a request went.
CREATE TABLE ledger.routing (
  id uuid PRIMARY KEY,
  route text,
  route_version bigint,
  path jsonb,
  requested_model text,
  provider text NOT NULL,
  provider_account text,
  model text NOT NULL,
  upstream_model text,
  simulated boolean NOT NULL
);

-- The rates of a price entry that held for a request of its size, in USD per million tokens, and the USD per request. A cost is tokens
-- times rates, exactly. The nil id: no price is known, or none applied.
CREATE TABLE ledger.price (
  id uuid PRIMARY KEY,
  version text,
  -- The rates hold above this many input tokens; NULL with all rates: only the version is known.
  above_input_tokens bigint,
  input_usd_per_million numeric(31, 12),
  cached_input_usd_per_million numeric(31, 12),
  cache_write_5m_usd_per_million numeric(31, 12),
  cache_write_1h_usd_per_million numeric(31, 12),
  output_usd_per_million numeric(31, 12),
  reasoning_usd_per_million numeric(31, 12),
  request_usd numeric(31, 12)
);
INSERT INTO ledger.price (id) VALUES ('00000000-0000-0000-0000-000000000000');

-- Who carried it.
CREATE TABLE ledger.carrier (
  id uuid PRIMARY KEY,
  -- The router process that held money for it, the ingress that took it in, the worker that called the provider.
  holder text,
  ingress_id text,
  worker_id text
);

-- Accounts of the double entry.
--   spend:<organisation>/<team>/<key>      what a key of a team has used
--   payable:<provider>                     what is owed to a provider
--   suspense:<organisation>/<team>/<key>   used, price unknown (amount 0 until it is known)
--   suspense:<provider>
-- Entries from before keys were part of it have <organisation>/<team>.
CREATE TABLE ledger.account (
  id uuid PRIMARY KEY,
  name text NOT NULL
);

-- Entries and postings ----------------------------------------------------------------------------------------------------

-- What an attempt was and cost. The first record of an attempt makes its original entry (sequence 1). A record that
-- outranks the one that stands makes two corrections: the mirror of the standing entry (sign -1, amounts negated) and
-- the new one. So sums over entries are right by whatever they are grouped, and sum(sign) counts attempts.
-- It moves its cost from one account to another, which makes two postings that sum to zero, whatever it costs.
CREATE TABLE ledger.entry (
  request_id uuid NOT NULL,
  attribution_id uuid NOT NULL,
  routing_id uuid NOT NULL,
  price_id uuid NOT NULL,
  carrier_id uuid NOT NULL,
  debit_account_id uuid NOT NULL,
  credit_account_id uuid NOT NULL,
  -- The time inside the request id, and the time of booking, which no transaction that began later undercuts.
  occurred_at timestamptz NOT NULL,
  posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_at timestamptz NOT NULL,
  -- How much. `input_tokens` includes cache reads and writes, `output_tokens` includes reasoning.
  input_tokens bigint NOT NULL,
  cached_input_tokens bigint NOT NULL,
  cache_write_5m_tokens bigint NOT NULL,
  cache_write_1h_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  first_token_ms bigint,
  duration_ms bigint,
  provider_status bigint,
  request_month date NOT NULL,
  -- The month it is booked in: that of the request, or where that was closed already, the one behind the latest closed.
  accounting_month date NOT NULL,
  attempt smallint NOT NULL,
  sequence smallint NOT NULL,
  sign smallint NOT NULL,
  suspect boolean NOT NULL,
  stream boolean NOT NULL,
  class text NOT NULL,
  -- The record this entry states, or takes back.
  source text NOT NULL,
  outcome text NOT NULL,
  token_source text NOT NULL,
  -- NULL: unknown, never zero. Such an entry is `unpriced` and its postings lie in suspense.
  cost_usd numeric(31, 12),
  state text NOT NULL,
  end_user_id text,
  tags jsonb,
  evidence jsonb,
  -- The budget windows that were held for it, and the grants: [[budget, window, USD, hard, grant or null], …].
  holds jsonb,
  finish_reason text,
  error_code text,
  PRIMARY KEY (request_month, request_id, attempt, sequence),
  CONSTRAINT original_is_first CHECK ((class = 'original') = (sequence = 1) AND class IN ('original', 'correction')),
  CONSTRAINT sign_is_one CHECK (sign = 1 OR (sign = -1 AND class = 'correction')),
  CONSTRAINT unknown_is_not_zero CHECK ((state = 'unpriced') = (cost_usd IS NULL) AND state IN ('priced', 'unpriced')),
  CONSTRAINT never_before_its_request CHECK (accounting_month >= request_month)
) PARTITION BY RANGE (request_month);
-- Which were booked when: small, because entries are added in that order.
CREATE INDEX entry_by_posting_time ON ledger.entry USING brin (posted_at) WITH (pages_per_range = 32);
CREATE INDEX entry_suspect ON ledger.entry (request_month, request_id, attempt) WHERE suspect;
CREATE INDEX entry_unpriced ON ledger.entry (request_month, request_id, attempt) WHERE state = 'unpriced';

-- Opens months: makes what is missing of their partitions, in every table of this schema that is cut by month. A month of before 2020,
-- or after the next one, is none of a request; one that was dropped stays so. Returns those of the wanted months that are open.
CREATE FUNCTION ledger.open_months(wanted date[]) RETURNS SETOF date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  one date;
  parent text;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('waybill ledger months'));
  FOR one IN
    SELECT DISTINCT date_trunc('month', w)::date FROM unnest(wanted) AS w
    WHERE (w >= '2020-01-01' AND w < date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months')
      OR EXISTS (SELECT FROM ledger.month WHERE month = w)
    ORDER BY 1
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM ledger.month WHERE month = one AND dropped_at IS NOT NULL);
    FOR parent IN
      SELECT relname FROM pg_catalog.pg_class
      WHERE relkind = 'p' AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'ledger') ORDER BY 1
    LOOP
      part := parent || to_char(one, '_YYYY_MM');
      CONTINUE WHEN to_regclass('ledger.' || part) IS NOT NULL;
      -- Made beside its parent and attached: that waits for nobody who books.
      EXECUTE format('CREATE TABLE ledger.%I (LIKE ledger.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', part, parent);
      EXECUTE format('ALTER TABLE ledger.%I ATTACH PARTITION ledger.%I FOR VALUES FROM (%L) TO (%L)',
        parent, part, one, (one + interval '1 month')::date);
    END LOOP;
    INSERT INTO ledger.month (month) VALUES (one) ON CONFLICT DO NOTHING;
    RETURN NEXT one;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger.open_months(date[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_months(date[]) TO waybill_ledger;

-- What was booked until now ------------------------------------------------------------------------------------------------------
INSERT INTO ledger.month (month) SELECT DISTINCT request_month FROM ledger.usage_record_whole;
SELECT ledger.open_months(array_agg(month)) FROM ledger.month;
-- Also for a ledger of before that still runs: it opens no months.
SELECT ledger.open_months(ARRAY[m, m + interval '1 month']::date[]) FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS m;

INSERT INTO ledger.usage_record SELECT * FROM ledger.usage_record_whole;
INSERT INTO ledger.account SELECT DISTINCT md5(account)::uuid, account FROM ledger.posting_whole;

CREATE TEMP TABLE known AS
SELECT request_month, request_id, attempt, sequence,
  md5(concat_ws(chr(31), 'attribution', organisation_id, coalesce(organisation_name, '-'), coalesce(team_id, '-'),
    coalesce(team_name, '-'), coalesce(user_id, '-'), coalesce(user_name, '-'), coalesce(key_id, '-'), coalesce(key_name, '-')))::uuid
    AS attribution_id,
  md5(concat_ws(chr(31), 'routing', coalesce(route, '-'), coalesce(route_version, 0), coalesce(path::text, '-'),
    coalesce(requested_model, '-'), provider, coalesce(provider_account, '-'), model, coalesce(upstream_model, '-'), simulated))::uuid
    AS routing_id,
  CASE WHEN price_version IS NULL THEN '00000000-0000-0000-0000-000000000000'::uuid
    ELSE md5(concat_ws(chr(31), 'price', price_version))::uuid END AS price_id,
  md5(concat_ws(chr(31), 'carrier', coalesce(holder, '-'), coalesce(ingress_id, '-'), coalesce(worker_id, '-')))::uuid AS carrier_id,
  (SELECT md5(p.account)::uuid FROM ledger.posting_whole p WHERE p.line = 1 AND (p.request_month, p.request_id, p.attempt, p.sequence)
    = (e.request_month, e.request_id, e.attempt, e.sequence)) AS debit_account_id,
  (SELECT md5(p.account)::uuid FROM ledger.posting_whole p WHERE p.line = 2 AND (p.request_month, p.request_id, p.attempt, p.sequence)
    = (e.request_month, e.request_id, e.attempt, e.sequence)) AS credit_account_id
FROM ledger.entry_whole e;

INSERT INTO ledger.attribution (id, organisation_id, organisation_name, team_id, team_name, user_id, user_name, key_id, key_name)
SELECT DISTINCT ON (attribution_id) attribution_id,
  organisation_id, organisation_name, team_id, team_name, user_id, user_name, key_id, key_name
FROM ledger.entry_whole JOIN known USING (request_month, request_id, attempt, sequence);

INSERT INTO ledger.routing
SELECT DISTINCT ON (routing_id) routing_id,
  route, route_version, path, requested_model, provider, provider_account, model, upstream_model, simulated
FROM ledger.entry_whole JOIN known USING (request_month, request_id, attempt, sequence);

INSERT INTO ledger.carrier
SELECT DISTINCT ON (carrier_id) carrier_id, holder, ingress_id, worker_id
FROM ledger.entry_whole JOIN known USING (request_month, request_id, attempt, sequence);

INSERT INTO ledger.price (id, version)
SELECT DISTINCT ON (price_id) price_id, price_version
FROM ledger.entry_whole JOIN known USING (request_month, request_id, attempt, sequence) WHERE price_version IS NOT NULL;

INSERT INTO ledger.entry (request_id, attribution_id, routing_id, price_id, carrier_id, debit_account_id, credit_account_id, occurred_at, posted_at, recorded_at,
  input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
  first_token_ms, duration_ms, provider_status, request_month, accounting_month, attempt, sequence, sign, suspect, stream, class, source,
  outcome, token_source, cost_usd, state, end_user_id, tags, evidence, holds, finish_reason, error_code)
SELECT request_id, attribution_id, routing_id, price_id, carrier_id, debit_account_id, credit_account_id, occurred_at, posted_at, recorded_at,
  input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
  first_token_ms, duration_ms, provider_status, request_month, accounting_month, attempt, sequence, sign, suspect, stream, class, source,
  outcome, token_source, cost_usd, state, end_user_id, tags, evidence,
  (SELECT jsonb_agg(jsonb_build_array(h->>'budget', h->>'window', h->>'amount_usd', h->'hard', h->'grant')) FROM jsonb_array_elements(holds) h),
  finish_reason, error_code
FROM ledger.entry_whole JOIN known USING (request_month, request_id, attempt, sequence) ORDER BY posted_at;

DROP TABLE known, ledger.entry_whole, ledger.posting_whole, ledger.usage_record_whole;

-- Append-only: the service may add and read, nothing else.
GRANT SELECT, INSERT ON ledger.usage_record, ledger.entry TO waybill_ledger;
GRANT SELECT, INSERT ON ledger.attribution, ledger.routing, ledger.price, ledger.carrier, ledger.account TO waybill_ledger;
GRANT SELECT ON ledger.month TO waybill_ledger;

-- An entry with all that is kept once for many. ----------------------------------------------------------------------------------
CREATE VIEW ledger.entry_whole AS
SELECT e.*,
  a.organisation_id, a.organisation_name, a.team_id, a.team_name, a.cost_centre, a.user_id, a.user_name, a.key_id, a.key_name, a.environment,
  r.route, r.route_version, r.path, r.requested_model, r.provider, r.provider_account, r.model, r.upstream_model, r.simulated,
  p.version AS price_version,
  c.holder, c.ingress_id, c.worker_id
FROM ledger.entry e
JOIN ledger.attribution a ON a.id = e.attribution_id
JOIN ledger.routing r ON r.id = e.routing_id
JOIN ledger.price p ON p.id = e.price_id
JOIN ledger.carrier c ON c.id = e.carrier_id;

-- Double entry: the two postings of each entry. Positive: debit. What has no price moves nothing between two accounts of suspense.
CREATE VIEW ledger.posting AS
SELECT e.request_month, e.request_id, e.attempt, e.sequence, side.line, a.name AS account,
  (side.sign * coalesce(e.cost_usd, 0))::numeric(31, 12) AS amount_usd, e.accounting_month
FROM ledger.entry e
CROSS JOIN LATERAL (VALUES (1::smallint, 1, e.debit_account_id), (2::smallint, -1, e.credit_account_id)) AS side (line, sign, account_id)
JOIN ledger.account a ON a.id = side.account_id;

-- Each attempt as it stands now.
CREATE VIEW ledger.attempt AS
SELECT request_id || '.' || attempt AS attempt_id, request_id || '.' || attempt || ':' || source AS record_id, standing.*
FROM (
  SELECT DISTINCT ON (request_month, request_id, attempt) *
  FROM ledger.entry_whole ORDER BY request_month, request_id, attempt, sequence DESC
) standing;
GRANT SELECT ON ledger.entry_whole, ledger.attempt, ledger.posting TO waybill_ledger;
