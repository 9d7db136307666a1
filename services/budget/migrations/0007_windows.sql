-- Windows follow their whole rule: kind, length, time zone and anchors. What a window leaves may go on to the next one, spend of a
-- rolling window leaves as it ages, and a template's counters follow the rule of their template.

ALTER TABLE budget.budget
  -- Set for the counter of one value of a template's field; its own rule is not looked at, the template's is.
  ADD COLUMN template_id    text REFERENCES budget.budget (id),
  ADD COLUMN template_value text NOT NULL DEFAULT '',
  DROP CONSTRAINT budget_origin_check,
  ADD CONSTRAINT budget_origin_check CHECK (origin IN ('admin', 'limit', 'template')),
  ADD CONSTRAINT budget_template_check CHECK ((origin = 'template') = (template_id IS NOT NULL));
CREATE INDEX budget_of_template ON budget.budget (template_id) WHERE template_id IS NOT NULL;

ALTER TABLE budget.budget_window
  -- What windows before it left unspent. Negative where what they left was spent already and they turned out dearer.
  ADD COLUMN carried_in_pico_usd  numeric(38, 0) NOT NULL DEFAULT 0,
  -- What it gave to later ones; NULL: it has not ended, or its rest is not carried over.
  ADD COLUMN carried_out_pico_usd numeric(38, 0),
  -- A rolling window's spend by age: the first element is the spend of the bucket numbered bucket_first.
  ADD COLUMN bucket_first         bigint NOT NULL DEFAULT 0,
  ADD COLUMN buckets              numeric(38, 0)[] NOT NULL DEFAULT '{}',
  DROP CONSTRAINT budget_window_budget_id_starts_at_key;
CREATE INDEX budget_window_last ON budget.budget_window (budget_id, id);
-- A budget whose rule is changed may begin another window at the same moment.
CREATE UNIQUE INDEX budget_window_bounds ON budget.budget_window (budget_id, starts_at, coalesce(ends_at, 'infinity'));

DROP TRIGGER begin_window ON budget.budget_window;
DROP FUNCTION budget.begin_window();
DROP FUNCTION budget.window_start(text, bigint, timestamptz);
DROP FUNCTION budget.window_end(text, bigint, timestamptz);

-- These run for every counter of every batch, so they are PL/pgSQL: a call of an SQL function that cannot be inlined costs ten times as much.

CREATE FUNCTION budget.window_step(kind text) RETURNS interval LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE kind
    WHEN 'day' THEN interval '1 day'
    WHEN 'week' THEN interval '7 days'
    WHEN 'month' THEN interval '1 month'
    WHEN 'quarter' THEN interval '3 months'
    WHEN 'year' THEN interval '1 year'
  END;
END $$;

-- Where the calendar window of a local moment begins, in local time. Anchors move every boundary by the same days and months; every
-- month has the days an anchor can name.
CREATE FUNCTION budget.local_start(rule budget.budget, at timestamp) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  days interval;
  months interval;
BEGIN
  IF rule.window_kind = 'day' THEN
    RETURN date_trunc('day', at);
  ELSIF rule.window_kind = 'week' THEN
    days := make_interval(days => rule.anchor_weekday - 1);
    RETURN date_trunc('week', at - days) + days;
  END IF;
  days := make_interval(days => rule.anchor_day - 1);
  IF rule.window_kind = 'month' THEN
    RETURN date_trunc('month', at - days) + days;
  END IF;
  months := make_interval(months => rule.anchor_month - 1);
  RETURN date_trunc(rule.window_kind, at - days - months) + months + days;
END $$;

-- Where the window of a moment begins. A rolling window is one row for ever, filed under the epoch less its length, so that a
-- budget with another length has another row. Where clocks are turned back over midnight, the new day begins when midnight comes for
-- the last time: a moment before it belongs to the day before.
CREATE FUNCTION budget.window_start(rule budget.budget, at timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  here timestamp;
  starts_at timestamptz;
BEGIN
  IF rule.window_kind = 'total' THEN
    RETURN timestamptz 'epoch';
  ELSIF rule.window_kind = 'rolling' THEN
    RETURN timestamptz 'epoch' - make_interval(secs => rule.window_seconds);
  ELSIF rule.window_kind = 'fixed' THEN
    RETURN rule.anchor_at + make_interval(
      secs => floor(extract(epoch FROM at - rule.anchor_at) / rule.window_seconds) * rule.window_seconds);
  END IF;
  here := budget.local_start(rule, at AT TIME ZONE rule.time_zone);
  starts_at := here AT TIME ZONE rule.time_zone;
  IF starts_at > at THEN
    RETURN (here - budget.window_step(rule.window_kind)) AT TIME ZONE rule.time_zone;
  END IF;
  RETURN starts_at;
END $$;

-- Where a window that begins there ends; a total and a rolling one never do.
CREATE FUNCTION budget.window_end(rule budget.budget, starts_at timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF rule.window_kind IN ('total', 'rolling') THEN
    RETURN NULL;
  ELSIF rule.window_kind = 'fixed' THEN
    RETURN starts_at + make_interval(secs => rule.window_seconds);
  END IF;
  RETURN (budget.local_start(rule, starts_at AT TIME ZONE rule.time_zone) + budget.window_step(rule.window_kind))
    AT TIME ZONE rule.time_zone;
END $$;

-- The row of a counter's current window, if there is one. What is carried over never goes back: should the clock be set back, the
-- window that was begun last goes on. Found by index, however many windows there have been.
CREATE FUNCTION budget.current_window(counter text, rule budget.budget, at timestamptz) RETURNS SETOF budget.budget_window
LANGUAGE sql STABLE AS $$
  SELECT w.* FROM (SELECT budget.window_start(rule, at) AS starts_at OFFSET 0) s
  CROSS JOIN LATERAL (
    SELECT exact.* FROM budget.budget_window exact
    WHERE exact.budget_id = counter AND exact.starts_at = s.starts_at
      AND exact.ends_at IS NOT DISTINCT FROM budget.window_end(rule, s.starts_at)
    UNION ALL
    SELECT last.* FROM budget.budget_window last
    WHERE rule.carry_over AND last.id = (SELECT max(id) FROM budget.budget_window WHERE budget_id = counter)
      AND last.starts_at > s.starts_at AND last.ends_at > at) w
  ORDER BY w.id DESC LIMIT 1
$$;

-- How many whole windows lie between two moments, at most 10000 of a calendar.
CREATE FUNCTION budget.windows_between(rule budget.budget, since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  ends timestamptz := since;
  windows bigint := 0;
BEGIN
  IF rule.window_kind = 'fixed' THEN
    RETURN greatest(0, floor(extract(epoch FROM until - since) / rule.window_seconds));
  END IF;
  WHILE ends < until AND windows < 10000 LOOP
    ends := budget.window_end(rule, ends);
    windows := windows + 1;
  END LOOP;
  RETURN windows;
END $$;

-- What the window that begins there gets from those before it: what the last one leaves, held and granted counted as spent, and the
-- limit of each that nobody used. A raise is not carried over, and neither is what was spent beyond the limit.
CREATE FUNCTION budget.carried_into(counter text, rule budget.budget, starts_at timestamptz) RETURNS numeric
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN rule.carry_over THEN coalesce((
    SELECT greatest(0, w.limit_pico_usd + w.carried_in_pico_usd - w.posted_pico_usd - w.held_pico_usd - w.granted_pico_usd)
      + rule.limit_pico_usd * budget.windows_between(rule, w.ends_at, carried_into.starts_at)
    FROM budget.budget_window w
    WHERE w.id = (SELECT max(id) FROM budget.budget_window WHERE budget_id = counter) AND w.ends_at IS NOT NULL), 0)
  ELSE 0 END
$$;

-- Begins the current windows of these counters where they are missing. Everybody locks in this order: limit_count, budget,
-- budget_window; each in the order of its ids. A limit that is being changed at the same moment is waited for.
CREATE FUNCTION budget.begin_windows(ids text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  rules text[] := ids || ARRAY(
    SELECT DISTINCT template_id FROM budget.budget WHERE id = ANY (ids) AND template_id IS NOT NULL);
  last_ids bigint[];
BEGIN
  PERFORM FROM budget.budget WHERE id = ANY (rules) ORDER BY id FOR SHARE;
  last_ids := ARRAY(
    SELECT max(w.id) FROM budget.budget_window w
    JOIN budget.budget b ON b.id = w.budget_id JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
    WHERE b.id = ANY (ids) AND r.carry_over GROUP BY b.id);
  PERFORM FROM budget.budget_window WHERE id = ANY (last_ids) ORDER BY id FOR UPDATE;

  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at),
  wanted AS MATERIALIZED (
    SELECT b.id, s.starts_at, budget.window_end(r, s.starts_at) AS ends_at, r.limit_pico_usd,
      budget.carried_into(b.id, r, s.starts_at) AS carried, last.id AS last_id
    FROM clock CROSS JOIN budget.budget b JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
    CROSS JOIN LATERAL (SELECT budget.window_start(r, clock.at) AS starts_at) s
    LEFT JOIN LATERAL (
      SELECT max(w.id) AS id FROM budget.budget_window w WHERE w.budget_id = b.id AND r.carry_over) last ON true
    -- Where another process has begun one since the lock, there is nothing to do.
    WHERE b.id = ANY (ids) AND (last.id IS NULL OR last.id = ANY (last_ids))
      AND NOT EXISTS (SELECT FROM budget.current_window(b.id, r, clock.at))
  ), begun AS (
    INSERT INTO budget.budget_window (budget_id, starts_at, ends_at, limit_pico_usd, carried_in_pico_usd, changed_at)
    SELECT id, starts_at, ends_at, limit_pico_usd, carried, budget.clock() FROM wanted ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING budget_id
  )
  UPDATE budget.budget_window w SET carried_out_pico_usd = greatest(0,
      w.limit_pico_usd + w.carried_in_pico_usd - w.posted_pico_usd - w.held_pico_usd - w.granted_pico_usd)
    FROM wanted JOIN begun ON begun.budget_id = wanted.id
    WHERE w.id = ANY (last_ids) AND w.id = wanted.last_id AND w.ends_at IS NOT NULL;
END $$;

-- A new limit holds for the windows that have not ended, those of a template's counters too.
CREATE OR REPLACE FUNCTION budget.spread_limit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  counters text[] := ARRAY[NEW.id] || ARRAY(SELECT id FROM budget.budget WHERE template_id = NEW.id);
  running bigint[];
BEGIN
  running := ARRAY(
    SELECT id FROM budget.budget_window
    WHERE budget_id = ANY (counters) AND (ends_at IS NULL OR ends_at > budget.clock())
    ORDER BY id FOR UPDATE);
  UPDATE budget.budget_window SET limit_pico_usd = NEW.limit_pico_usd WHERE id = ANY (running);
  RETURN NULL;
END $$;

REVOKE INSERT ON budget.budget_window FROM waybill_budget;
REVOKE ALL ON FUNCTION budget.begin_windows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget.begin_windows TO waybill_budget;
