-- Counters of templates: one for each value of the template's field, made at first use, as many as an organisation has room for
-- together with those of its limits.

-- Makes counters that do not exist; each id once. Those whose template is none any more are not made.
CREATE FUNCTION budget.make_counters(ids text[], templates text[], template_values text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  organisations text[];
BEGIN
  organisations := ARRAY(
    SELECT DISTINCT organisation_id FROM budget.budget WHERE id = ANY (templates) AND per <> '' ORDER BY organisation_id);
  INSERT INTO budget.limit_count (organisation_id, count)
    SELECT o, 0 FROM unnest(organisations) AS w (o) ORDER BY o ON CONFLICT (organisation_id) DO NOTHING;
  PERFORM FROM budget.limit_count WHERE organisation_id = ANY (organisations) ORDER BY organisation_id FOR UPDATE;
  WITH missing AS (
    SELECT w.id, w.value, r.id AS template_id, r.name, r.organisation_id, r.unit, r.limit_pico_usd,
      row_number() OVER (PARTITION BY r.organisation_id ORDER BY w.id) AS place
    FROM unnest(ids, templates, template_values) AS w (id, template_id, value)
    JOIN budget.budget r ON r.id = w.template_id AND r.origin = 'admin' AND r.per <> ''
    WHERE NOT EXISTS (SELECT FROM budget.budget b WHERE b.id = w.id)
  ), made AS (
    INSERT INTO budget.budget (id, name, organisation_id, limit_pico_usd, window_kind, origin, unit, template_id, template_value)
    SELECT m.id, m.name, organisation_id, m.limit_pico_usd, 'total', 'template', m.unit, m.template_id, m.value
    FROM missing m JOIN budget.limit_count c USING (organisation_id)
    WHERE c.count + m.place <= 1000000 ORDER BY m.id
    ON CONFLICT (id) DO NOTHING
    RETURNING organisation_id
  )
  UPDATE budget.limit_count c SET count = c.count + m.count
    FROM (SELECT organisation_id, count(*) AS count FROM made GROUP BY organisation_id) m
    WHERE c.organisation_id = m.organisation_id;
END $$;
REVOKE ALL ON FUNCTION budget.make_counters FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget.make_counters TO waybill_budget;

-- Forgets windows of counters that ended and last changed before that time, and counters that have no window any more; at most so
-- many of each. Returns how many it were. A rolling window goes when all of its spend is that old; a total never goes, and of what is
-- carried over the last window stays.
CREATE OR REPLACE FUNCTION budget.forget_limits(ended_before timestamptz, at_most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  old text[];
  counters bigint;
  windows bigint;
BEGIN
  old := ARRAY(
    SELECT b.id FROM budget.budget b
    WHERE b.origin IN ('limit', 'template') AND b.created_at < ended_before
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
    SELECT w.id FROM budget.budget_window w
    JOIN budget.budget b ON b.id = w.budget_id JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
    WHERE b.origin IN ('limit', 'template') AND w.changed_at < ended_before
      AND (w.ends_at < ended_before
        OR w.starts_at < 'epoch' AND w.changed_at < ended_before - 2 * ('epoch'::timestamptz - w.starts_at))
      AND w.held_pico_usd = 0 AND w.granted_pico_usd = 0
      AND NOT (r.carry_over AND w.id = (SELECT max(id) FROM budget.budget_window WHERE budget_id = b.id))
      AND NOT EXISTS (SELECT FROM budget.credit_grant g WHERE g.window_id = w.id)
    LIMIT at_most FOR UPDATE OF w SKIP LOCKED
  )
  DELETE FROM budget.budget_window w USING ended WHERE w.id = ended.id;
  GET DIAGNOSTICS windows = ROW_COUNT;
  RETURN counters + windows;
END $$;
