-- Sums by hour and by day, added in the transaction that books: what finance's views read, so that their cost does not grow with the
-- entries. They are no books: they can be made anew from the entries, byte for byte.

-- One row for each hour of requests, month of the books, and all that an entry can be grouped by but its end user and its tags.
--   requests           first attempts, and answers given from the cache
--   attempts           every attempt that was decided, also one that failed, cost nothing or was never sent
--   unpriced_attempts  those whose price is unknown: their cost is not in cost_usd
--   duration_ms        of all attempts together, from the beginning of each call to its end
CREATE TABLE ledger.usage_hour (
  request_month date NOT NULL,
  accounting_month date NOT NULL,
  hour timestamptz NOT NULL,
  attribution_id uuid NOT NULL,
  routing_id uuid NOT NULL,
  price_id uuid NOT NULL,
  outcome text NOT NULL,
  token_source text NOT NULL,
  requests bigint NOT NULL,
  attempts bigint NOT NULL,
  unpriced_attempts bigint NOT NULL,
  suspect_attempts bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cached_input_tokens bigint NOT NULL,
  cache_write_5m_tokens bigint NOT NULL,
  cache_write_1h_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  duration_ms bigint NOT NULL,
  cost_usd numeric(38, 12) NOT NULL,
  PRIMARY KEY (request_month, hour, accounting_month, attribution_id, routing_id, price_id, outcome, token_source)
) PARTITION BY RANGE (request_month);

-- The same by UTC day. It stays when a month's entries are dropped.
CREATE TABLE ledger.usage_day (
  request_month date NOT NULL,
  accounting_month date NOT NULL,
  day date NOT NULL,
  attribution_id uuid NOT NULL,
  routing_id uuid NOT NULL,
  price_id uuid NOT NULL,
  outcome text NOT NULL,
  token_source text NOT NULL,
  requests bigint NOT NULL,
  attempts bigint NOT NULL,
  unpriced_attempts bigint NOT NULL,
  suspect_attempts bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cached_input_tokens bigint NOT NULL,
  cache_write_5m_tokens bigint NOT NULL,
  cache_write_1h_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  duration_ms bigint NOT NULL,
  cost_usd numeric(38, 12) NOT NULL,
  PRIMARY KEY (day, accounting_month, attribution_id, routing_id, price_id, outcome, token_source)
) WITH (fillfactor = 70);
CREATE INDEX usage_day_by_accounting_month ON ledger.usage_day (accounting_month, day);

-- What the rows of a month must be, from its entries.
CREATE VIEW ledger.usage_hour_of_entries AS
SELECT request_month, accounting_month, date_trunc('hour', occurred_at, 'UTC') AS hour,
  attribution_id, routing_id, price_id, outcome, token_source,
  coalesce(sum(sign) FILTER (WHERE attempt <= 1), 0)::bigint AS requests,
  sum(sign)::bigint AS attempts,
  coalesce(sum(sign) FILTER (WHERE state = 'unpriced'), 0)::bigint AS unpriced_attempts,
  coalesce(sum(sign) FILTER (WHERE suspect), 0)::bigint AS suspect_attempts,
  sum(input_tokens)::bigint AS input_tokens,
  sum(cached_input_tokens)::bigint AS cached_input_tokens,
  sum(cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  sum(reasoning_tokens)::bigint AS reasoning_tokens,
  coalesce(sum(sign * duration_ms), 0)::bigint AS duration_ms,
  coalesce(sum(cost_usd), 0)::numeric(38, 12) AS cost_usd
FROM ledger.entry
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

CREATE VIEW ledger.usage_day_of_hours AS
SELECT request_month, accounting_month, (hour AT TIME ZONE 'UTC')::date AS day,
  attribution_id, routing_id, price_id, outcome, token_source,
  sum(requests)::bigint AS requests, sum(attempts)::bigint AS attempts,
  sum(unpriced_attempts)::bigint AS unpriced_attempts, sum(suspect_attempts)::bigint AS suspect_attempts,
  sum(input_tokens)::bigint AS input_tokens, sum(cached_input_tokens)::bigint AS cached_input_tokens,
  sum(cache_write_5m_tokens)::bigint AS cache_write_5m_tokens, sum(cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(output_tokens)::bigint AS output_tokens, sum(reasoning_tokens)::bigint AS reasoning_tokens,
  sum(duration_ms)::bigint AS duration_ms, sum(cost_usd)::numeric(38, 12) AS cost_usd
FROM ledger.usage_hour
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- Adds the sums of what is being booked, one element for each row of usage_hour, and refuses what belongs to a closed month. Whoever books
-- holds the lock of begin_booking, so nobody waits here for another's rows. The sums are made by who books and not by a trigger, because
-- one that looks at rows makes COPY add them one by one; ledger.problem finds what was booked without its sums.
CREATE FUNCTION ledger.add_sums(booked jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF EXISTS (
    SELECT FROM jsonb_array_elements(booked) b WHERE (b->>'accounting_month')::date <= (SELECT max(month) FROM ledger.closed_month)
  ) THEN
    RAISE EXCEPTION 'a closed month never changes' USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO ledger.usage_hour AS held
  SELECT * FROM jsonb_populate_recordset(NULL::ledger.usage_hour, booked)
  ON CONFLICT (request_month, hour, accounting_month, attribution_id, routing_id, price_id, outcome, token_source) DO UPDATE SET
    requests = held.requests + excluded.requests,
    attempts = held.attempts + excluded.attempts,
    unpriced_attempts = held.unpriced_attempts + excluded.unpriced_attempts,
    suspect_attempts = held.suspect_attempts + excluded.suspect_attempts,
    input_tokens = held.input_tokens + excluded.input_tokens,
    cached_input_tokens = held.cached_input_tokens + excluded.cached_input_tokens,
    cache_write_5m_tokens = held.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = held.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    output_tokens = held.output_tokens + excluded.output_tokens,
    reasoning_tokens = held.reasoning_tokens + excluded.reasoning_tokens,
    duration_ms = held.duration_ms + excluded.duration_ms,
    cost_usd = held.cost_usd + excluded.cost_usd;
  INSERT INTO ledger.usage_day AS held
  SELECT request_month, accounting_month, (hour AT TIME ZONE 'UTC')::date AS day,
    attribution_id, routing_id, price_id, outcome, token_source,
    sum(requests), sum(attempts), sum(unpriced_attempts), sum(suspect_attempts),
    sum(input_tokens), sum(cached_input_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
    sum(output_tokens), sum(reasoning_tokens), sum(duration_ms), sum(cost_usd)
  FROM jsonb_populate_recordset(NULL::ledger.usage_hour, booked) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ON CONFLICT (day, accounting_month, attribution_id, routing_id, price_id, outcome, token_source) DO UPDATE SET
    requests = held.requests + excluded.requests,
    attempts = held.attempts + excluded.attempts,
    unpriced_attempts = held.unpriced_attempts + excluded.unpriced_attempts,
    suspect_attempts = held.suspect_attempts + excluded.suspect_attempts,
    input_tokens = held.input_tokens + excluded.input_tokens,
    cached_input_tokens = held.cached_input_tokens + excluded.cached_input_tokens,
    cache_write_5m_tokens = held.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = held.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    output_tokens = held.output_tokens + excluded.output_tokens,
    reasoning_tokens = held.reasoning_tokens + excluded.reasoning_tokens,
    duration_ms = held.duration_ms + excluded.duration_ms,
    cost_usd = held.cost_usd + excluded.cost_usd;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger.add_sums(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.add_sums(jsonb) TO waybill_ledger;

-- Makes the roll-ups of a month anew from its entries; nothing is booked meanwhile. A month whose entries were dropped is left alone.
CREATE FUNCTION ledger.rebuild_roll_ups(of_month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM ledger.begin_booking();
  IF NOT EXISTS (SELECT FROM ledger.month WHERE month = of_month AND dropped_at IS NULL) THEN
    RAISE EXCEPTION 'the entries of % are not there', of_month USING ERRCODE = 'no_data_found';
  END IF;
  DELETE FROM ledger.usage_hour WHERE request_month = of_month;
  DELETE FROM ledger.usage_day WHERE request_month = of_month AND day >= of_month AND day < of_month + interval '1 month';
  INSERT INTO ledger.usage_hour SELECT * FROM ledger.usage_hour_of_entries WHERE request_month = of_month;
  INSERT INTO ledger.usage_day SELECT * FROM ledger.usage_day_of_hours WHERE request_month = of_month;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger.rebuild_roll_ups(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.rebuild_roll_ups(date) TO waybill_ledger;
GRANT SELECT ON ledger.usage_hour, ledger.usage_day, ledger.usage_hour_of_entries, ledger.usage_day_of_hours TO waybill_ledger;

-- Closing -------------------------------------------------------------------------------------------------------------------------

-- A closed month and what its books said then. It closes the months before it, too: what comes for one of them later is booked in the
-- month behind the latest that is closed.
CREATE TABLE ledger.closed_month (
  month date PRIMARY KEY CHECK (month = date_trunc('month', month)::date),
  closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_by text NOT NULL,
  reason text NOT NULL,
  requests bigint NOT NULL,
  attempts bigint NOT NULL,
  unpriced_attempts bigint NOT NULL,
  cost_usd numeric(38, 12) NOT NULL
);
GRANT SELECT, INSERT ON ledger.closed_month TO waybill_ledger;

-- The lock under which entries are added, months are closed and roll-ups are made anew, until the end of the transaction; returns the
-- latest closed month, or NULL. Looked at behind the lock, so nothing is booked into a month that is being closed.
CREATE FUNCTION ledger.begin_booking() RETURNS date LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('waybill ledger booking'));
  RETURN (SELECT max(month) FROM ledger.closed_month);
END
$$;

-- Drops the entries of a closed month and its sums by hour; its sums by day stay. Nothing younger than 13 months goes, whatever is
-- asked: a year and the month that is compared with it. False: there was nothing to drop.
CREATE FUNCTION ledger.drop_month(of_month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  part text;
BEGIN
  -- Before the lock of those who book, and not for long: whoever reads the tables meanwhile, as a dump does, must keep nobody from booking.
  PERFORM set_config('lock_timeout', '2s', true);
  LOCK TABLE ledger.usage_record, ledger.entry, ledger.usage_hour IN ACCESS EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(hashtext('waybill ledger months'));
  PERFORM ledger.begin_booking();
  IF of_month > date_trunc('month', now() AT TIME ZONE 'UTC') - interval '13 months' THEN
    RAISE EXCEPTION '% is younger than 13 months', of_month USING ERRCODE = 'check_violation';
  END IF;
  IF NOT EXISTS (SELECT FROM ledger.closed_month WHERE month >= of_month) THEN
    RAISE EXCEPTION '% is not closed', of_month USING ERRCODE = 'check_violation';
  END IF;
  UPDATE ledger.month SET dropped_at = now() WHERE month = of_month AND dropped_at IS NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  FOR part IN
    SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'ledger')
      AND c.relname LIKE '%' || to_char(of_month, '\_YYYY\_MM')
  LOOP
    EXECUTE format('DROP TABLE ledger.%I', part);
  END LOOP;
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger.drop_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.drop_month(date) TO waybill_ledger;

-- What was booked before.
SELECT ledger.open_months(array_agg(month)) FROM ledger.month;
INSERT INTO ledger.usage_hour SELECT * FROM ledger.usage_hour_of_entries;
INSERT INTO ledger.usage_day SELECT * FROM ledger.usage_day_of_hours;
