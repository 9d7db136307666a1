-- Limits stay within bounds: of rows, of room in an organisation, and of what they say.

-- When a window's counters last changed: as long as a record can name it, it stays.
ALTER TABLE budget.budget_window ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX budget_window_ended ON budget.budget_window (ends_at);
-- Windows go only without grants; without an index each one that goes would read all of them.
CREATE INDEX credit_grant_window ON budget.credit_grant (window_id);

-- A window begins with the limit that its budget has, also where that is being changed at the same moment. For a budget that is
-- gone none is made. Everybody locks in this order: limit_count, budget, budget_window; each in the order of its ids.
CREATE FUNCTION budget.begin_window() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  SELECT limit_pico_usd INTO NEW.limit_pico_usd FROM budget.budget WHERE id = NEW.budget_id FOR SHARE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  NEW.changed_at := budget.clock();
  RETURN NEW;
END $$;
CREATE TRIGGER begin_window BEFORE INSERT ON budget.budget_window
  FOR EACH ROW EXECUTE FUNCTION budget.begin_window();
REVOKE ALL ON FUNCTION budget.begin_window FROM PUBLIC;

-- Makes counters that do not exist, as far as their organisation has room, and gives those that do their new amount; each id once.
-- The service may make budgets in no other way.
CREATE OR REPLACE FUNCTION budget.make_limits(
  ids text[], names text[], organisations text[], routes text[], units text[], kinds text[], lengths bigint[], amounts numeric[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  changed text[];
BEGIN
  IF EXISTS (SELECT FROM unnest(ids) AS w (id) WHERE NOT EXISTS (SELECT FROM budget.budget b WHERE b.id = w.id)) THEN
    INSERT INTO budget.limit_count (organisation_id, count)
      SELECT DISTINCT o, 0 FROM unnest(organisations) AS w (o) ORDER BY o
      ON CONFLICT (organisation_id) DO NOTHING;
    PERFORM FROM budget.limit_count WHERE organisation_id = ANY (organisations) ORDER BY organisation_id FOR UPDATE;
    WITH missing AS (
      SELECT w.*, row_number() OVER (PARTITION BY organisation_id ORDER BY id) AS place
      FROM unnest(ids, names, organisations, routes, units, kinds, lengths, amounts)
        AS w (id, name, organisation_id, route, unit, kind, seconds, amount)
      WHERE NOT EXISTS (SELECT FROM budget.budget b WHERE b.id = w.id)
    ), made AS (
      INSERT INTO budget.budget (id, name, organisation_id, route, limit_pico_usd, window_kind, window_seconds, origin, unit)
      SELECT m.id, m.name, organisation_id, m.route, m.amount, m.kind, nullif(m.seconds, 0), 'limit', m.unit
      FROM missing m JOIN budget.limit_count c USING (organisation_id)
      WHERE c.count + m.place <= 1000000 ORDER BY m.id
      ON CONFLICT (id) DO NOTHING
      RETURNING organisation_id
    )
    UPDATE budget.limit_count c SET count = c.count + m.count
      FROM (SELECT organisation_id, count(*) AS count FROM made GROUP BY organisation_id) m
      WHERE c.organisation_id = m.organisation_id;
  END IF;

  changed := ARRAY(
    SELECT b.id FROM unnest(ids, amounts) AS w (id, amount) JOIN budget.budget b ON b.id = w.id
    WHERE b.origin = 'limit' AND b.limit_pico_usd <> w.amount ORDER BY b.id FOR NO KEY UPDATE OF b);
  IF cardinality(changed) = 0 THEN
    RETURN;
  END IF;
  PERFORM FROM budget.budget_window
    WHERE budget_id = ANY (changed) AND (ends_at IS NULL OR ends_at > budget.clock()) ORDER BY id FOR UPDATE;
  UPDATE budget.budget b SET limit_pico_usd = w.amount
    FROM unnest(ids, amounts) AS w (id, amount)
    WHERE b.id = w.id AND b.id = ANY (changed);
END $$;

-- Forgets windows of counters that ended and last changed before that time, and counters that have no window any more; at most so
-- many of each. Returns how many it were.
CREATE OR REPLACE FUNCTION budget.forget_limits(ended_before timestamptz, at_most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  old text[];
  counters bigint;
  windows bigint;
BEGIN
  old := ARRAY(
    SELECT b.id FROM budget.budget b
    WHERE b.origin = 'limit' AND b.created_at < ended_before
      AND NOT EXISTS (SELECT FROM budget.budget_window w WHERE w.budget_id = b.id)
    LIMIT at_most);
  PERFORM FROM budget.limit_count
    WHERE organisation_id IN (SELECT organisation_id FROM budget.budget WHERE id = ANY (old))
    ORDER BY organisation_id FOR UPDATE;
  -- Whoever begins a window has its budget locked, so after this nobody does.
  old := ARRAY(SELECT id FROM budget.budget WHERE id = ANY (old) ORDER BY id FOR UPDATE SKIP LOCKED);
  WITH gone AS (
    DELETE FROM budget.budget b
    WHERE b.id = ANY (old) AND NOT EXISTS (SELECT FROM budget.budget_window w WHERE w.budget_id = b.id)
    RETURNING b.organisation_id
  ), counted AS (
    UPDATE budget.limit_count c SET count = greatest(0, c.count - g.count)
    FROM (SELECT organisation_id, count(*) AS count FROM gone GROUP BY organisation_id) g
    WHERE c.organisation_id = g.organisation_id
  )
  SELECT count(*) INTO counters FROM gone;

  WITH ended AS (
    SELECT w.id FROM budget.budget_window w JOIN budget.budget b ON b.id = w.budget_id
    WHERE b.origin = 'limit' AND w.ends_at < ended_before AND w.changed_at < ended_before
      AND w.held_pico_usd = 0 AND w.granted_pico_usd = 0
      AND NOT EXISTS (SELECT FROM budget.credit_grant g WHERE g.window_id = w.id)
    LIMIT at_most FOR UPDATE OF w SKIP LOCKED
  )
  DELETE FROM budget.budget_window w USING ended WHERE w.id = ended.id;
  GET DIAGNOSTICS windows = ROW_COUNT;
  RETURN counters + windows;
END $$;
