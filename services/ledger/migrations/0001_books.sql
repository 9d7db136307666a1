-- The books. Three tables that only grow: what was reported, what it means, and where the money moved.
-- Every key begins with the month inside the request's UUIDv7, so that each copy of a record, however late, meets the
-- same key, and so that the tables can be cut into partitions by month.

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO waybill_ledger;

-- Every usage record that was ever taken in, once. Record id: <request_id>.<attempt>:<source>.
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
);

-- What an attempt was and cost. The first record of an attempt makes its original entry (sequence 1). A record that
-- outranks the one that stands makes two corrections: the mirror of the standing entry (sign -1, amounts negated) and
-- the new one. So sums over entries are right by whatever they are grouped, and sum(sign) counts attempts.
CREATE TABLE ledger.entry (
  request_month date NOT NULL,
  request_id uuid NOT NULL,
  attempt smallint NOT NULL,
  sequence smallint NOT NULL,
  class text NOT NULL,
  sign smallint NOT NULL,
  -- The record this entry states, or takes back.
  source text NOT NULL,
  outcome text NOT NULL,
  -- The month whose books it belongs to; closed months never change.
  accounting_month date NOT NULL,
  -- The time inside the request id, and the time of booking.
  occurred_at timestamptz NOT NULL,
  posted_at timestamptz NOT NULL DEFAULT now(),
  recorded_at timestamptz NOT NULL,
  -- To whom: ids, and the names of that moment.
  organisation_id text NOT NULL,
  organisation_name text,
  team_id text,
  team_name text,
  user_id text,
  user_name text,
  key_id text,
  key_name text,
  end_user_id text,
  tags jsonb,
  -- By which way.
  route text,
  route_version bigint,
  path jsonb,
  requested_model text,
  provider text NOT NULL,
  model text NOT NULL,
  upstream_model text,
  simulated boolean NOT NULL,
  -- How much. `input_tokens` includes cache reads and writes, `output_tokens` includes reasoning.
  input_tokens bigint NOT NULL,
  cached_input_tokens bigint NOT NULL,
  cache_write_5m_tokens bigint NOT NULL,
  cache_write_1h_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  token_source text NOT NULL,
  suspect boolean NOT NULL,
  evidence jsonb,
  price_version text,
  -- NULL: unknown, never zero. Such an entry is `unpriced` and its postings lie in suspense.
  cost_usd numeric(31, 12),
  state text NOT NULL,
  -- The budget windows and grants that were held for it: [{"budget", "window", "grant", "amount_usd", "hard"}].
  holds jsonb,
  holder text,
  -- Where and how it ran.
  ingress_id text,
  worker_id text,
  stream boolean NOT NULL,
  first_token_ms bigint,
  duration_ms bigint,
  finish_reason text,
  error_code text,
  provider_status bigint,
  PRIMARY KEY (request_month, request_id, attempt, sequence),
  CONSTRAINT original_is_first CHECK ((class = 'original') = (sequence = 1) AND class IN ('original', 'correction')),
  CONSTRAINT sign_is_one CHECK (sign = 1 OR (sign = -1 AND class = 'correction')),
  CONSTRAINT unknown_is_not_zero CHECK ((state = 'unpriced') = (cost_usd IS NULL) AND state IN ('priced', 'unpriced'))
);

-- Double entry: two or more postings per entry, and they sum to zero. Positive: debit.
--   spend:<organisation>/<team>      what a team has used
--   payable:<provider>               what is owed to a provider
--   suspense:<organisation>/<team>   used, price unknown (amount 0 until it is known)
--   suspense:<provider>
CREATE TABLE ledger.posting (
  request_month date NOT NULL,
  request_id uuid NOT NULL,
  attempt smallint NOT NULL,
  sequence smallint NOT NULL,
  line smallint NOT NULL,
  account text NOT NULL,
  amount_usd numeric(31, 12) NOT NULL,
  PRIMARY KEY (request_month, request_id, attempt, sequence, line)
);

-- All postings of an entry come in one statement, so a statement that does not balance is refused whole.
CREATE FUNCTION ledger.refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced text;
BEGIN
  SELECT request_id || '.' || attempt || ' entry ' || sequence INTO unbalanced
  FROM inserted GROUP BY request_id, attempt, sequence
  HAVING sum(amount_usd) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the postings of % do not balance', unbalanced USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER postings_balance AFTER INSERT ON ledger.posting
  REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_unbalanced();

-- Who is believed; the same order as effectiveRecord in libs/domain (a test compares them).
CREATE FUNCTION ledger.source_rank(source text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE source WHEN 'worker' THEN 4 WHEN 'lost' THEN 3 WHEN 'ingress' THEN 2 WHEN 'void' THEN 1 END
$$;

-- Each attempt as it stands now.
CREATE VIEW ledger.attempt AS
SELECT request_id || '.' || attempt AS attempt_id, request_id || '.' || attempt || ':' || source AS record_id, standing.*
FROM (
  SELECT DISTINCT ON (request_month, request_id, attempt) *
  FROM ledger.entry ORDER BY request_month, request_id, attempt, sequence DESC
) standing;

-- What must never be found. Empty when the books are right; each row says what is wrong with which attempt.
CREATE VIEW ledger.problem AS
SELECT 'postings do not sum to zero' AS problem, request_id, attempt
FROM ledger.posting GROUP BY request_month, request_id, attempt, sequence
HAVING sum(amount_usd) <> 0 OR count(*) < 2
UNION ALL
SELECT 'what is posted is not what the entry says', coalesce(e.request_id, p.request_id), coalesce(e.attempt, p.attempt)
FROM ledger.entry e
FULL JOIN (
  SELECT request_month, request_id, attempt, sequence,
    sum(amount_usd) FILTER (WHERE account LIKE 'spend:%') AS spent_usd,
    sum(amount_usd) FILTER (WHERE account LIKE 'payable:%') AS owed_usd
  FROM ledger.posting GROUP BY request_month, request_id, attempt, sequence
) p USING (request_month, request_id, attempt, sequence)
WHERE e.request_id IS NULL OR p.request_id IS NULL
  OR e.cost_usd IS DISTINCT FROM p.spent_usd OR e.cost_usd IS DISTINCT FROM -p.owed_usd
UNION ALL
SELECT 'the month in the key is not the month of the request', request_id, attempt
FROM ledger.entry WHERE request_month <> date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date
UNION ALL
SELECT 'the entries do not add up to the record that stands', coalesce(e.request_id, r.request_id), coalesce(e.attempt, r.attempt)
FROM (
  SELECT request_month, request_id, attempt, sum(sign) AS attempts, sum(cost_usd) AS cost_usd,
    count(*) FILTER (WHERE class = 'original') AS originals
  FROM ledger.entry GROUP BY request_month, request_id, attempt
) e
FULL JOIN (
  SELECT DISTINCT ON (request_month, request_id, attempt) request_month, request_id, attempt, cost_usd
  FROM ledger.usage_record ORDER BY request_month, request_id, attempt, ledger.source_rank(source) DESC
) r USING (request_month, request_id, attempt)
WHERE e.request_id IS NULL OR r.request_id IS NULL OR e.attempts <> 1 OR e.originals <> 1
  OR coalesce(e.cost_usd, 0) <> coalesce(r.cost_usd, 0);

-- Append-only: the service may add and read, nothing else.
GRANT SELECT, INSERT ON ledger.usage_record, ledger.entry, ledger.posting TO waybill_ledger;
GRANT SELECT ON ledger.attempt, ledger.problem TO waybill_ledger;
