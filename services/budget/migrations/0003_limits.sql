-- Counters of routes' limit nodes: budgets of their own, made at first use, never pushed to routers as a list. What they count is
-- pico-USD, attempts or tokens; the columns named pico_usd hold amounts of the budget's unit.
ALTER TABLE budget.budget
  ADD COLUMN origin text NOT NULL DEFAULT 'admin' CHECK (origin IN ('admin', 'limit')),
  ADD COLUMN unit   text NOT NULL DEFAULT 'usd' CHECK (unit IN ('usd', 'requests', 'tokens')),
  ADD CHECK (origin = 'limit' OR unit = 'usd');

CREATE INDEX budget_limits ON budget.budget (organisation_id) WHERE origin = 'limit';

-- How many counters an organisation has; bounded, because their keys come from requests.
CREATE TABLE budget.limit_count (
  organisation_id text PRIMARY KEY REFERENCES accounts.organisation (id),
  count           bigint NOT NULL CHECK (count BETWEEN 0 AND 1000000)
);

-- Only what people administer is a change of the list.
DROP TRIGGER raise_revision ON budget.budget;
CREATE FUNCTION budget.raise_revision_of_list() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM changed WHERE origin = 'admin') THEN
    UPDATE budget.revision SET revision = revision + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER raise_revision_insert AFTER INSERT ON budget.budget
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION budget.raise_revision_of_list();
CREATE TRIGGER raise_revision_update AFTER UPDATE ON budget.budget
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION budget.raise_revision_of_list();
CREATE TRIGGER raise_revision_delete AFTER DELETE ON budget.budget
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION budget.raise_revision_of_list();

-- Makes counters that do not exist, and gives those that do their new amount; each id once. The service may make budgets in no
-- other way.
CREATE FUNCTION budget.make_limits(
  ids text[], names text[], organisations text[], routes text[], units text[], kinds text[], lengths bigint[], amounts numeric[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  WITH wanted AS (
    SELECT * FROM unnest(ids, names, organisations, routes, units, kinds, lengths, amounts)
      AS w (id, name, organisation_id, route, unit, kind, seconds, amount)
  ), made AS (
    INSERT INTO budget.budget (id, name, organisation_id, route, limit_pico_usd, window_kind, window_seconds, origin, unit)
    SELECT id, name, organisation_id, route, amount, kind, nullif(seconds, 0), 'limit', unit FROM wanted ORDER BY id
    ON CONFLICT (id) DO NOTHING
    RETURNING organisation_id
  )
  INSERT INTO budget.limit_count AS c (organisation_id, count)
    SELECT organisation_id, count(*) FROM made GROUP BY organisation_id ORDER BY organisation_id
    ON CONFLICT (organisation_id) DO UPDATE SET count = c.count + excluded.count;
  UPDATE budget.budget b SET limit_pico_usd = w.amount
    FROM unnest(ids, amounts) AS w (id, amount)
    WHERE b.id = w.id AND b.origin = 'limit' AND b.limit_pico_usd <> w.amount;
END $$;

-- Forgets counters whose windows have all ended before that time, at most so many; returns how many it were.
CREATE FUNCTION budget.forget_limits(ended_before timestamptz, at_most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  forgotten bigint;
BEGIN
  WITH old AS (
    SELECT b.id FROM budget.budget b
    WHERE b.origin = 'limit' AND b.created_at < ended_before
      AND NOT EXISTS (SELECT FROM budget.budget_window w WHERE w.budget_id = b.id
                      AND (w.ends_at IS NULL OR w.ends_at >= ended_before OR w.held_pico_usd <> 0 OR w.granted_pico_usd <> 0))
    LIMIT at_most FOR UPDATE OF b SKIP LOCKED
  ), grants AS (
    DELETE FROM budget.credit_grant g USING old WHERE g.budget_id = old.id RETURNING 1
  ), windows AS (
    DELETE FROM budget.budget_window w USING old WHERE w.budget_id = old.id RETURNING 1
  ), gone AS (
    DELETE FROM budget.budget b USING old WHERE b.id = old.id AND (SELECT count(*) FROM windows) >= 0
      AND (SELECT count(*) FROM grants) >= 0
    RETURNING b.organisation_id
  ), counted AS (
    UPDATE budget.limit_count c SET count = c.count - g.count
    FROM (SELECT organisation_id, count(*) AS count FROM gone GROUP BY organisation_id) g
    WHERE c.organisation_id = g.organisation_id RETURNING g.count
  )
  SELECT coalesce(sum(count), 0) INTO forgotten FROM counted;
  RETURN forgotten;
END $$;

REVOKE ALL ON FUNCTION budget.make_limits, budget.forget_limits, budget.raise_revision_of_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget.make_limits, budget.forget_limits TO waybill_budget;
GRANT SELECT ON budget.limit_count TO waybill_budget;
