-- Budgets are saved, raised and deleted by the service, each change with its line in the audit log: the functions write both or
-- neither, and the service may change a budget in no other way. And what a window has posted can be recomputed for as long as the
-- window is there, also after the holds that carried it are forgotten.

-- A deleted budget binds nobody. Its row stays, because records still settle on its windows, until they are forgotten.
ALTER TABLE budget.budget
  DROP CONSTRAINT budget_origin_check,
  DROP CONSTRAINT budget_check3,
  ADD CONSTRAINT budget_origin_check CHECK (origin IN ('admin', 'limit', 'template', 'deleted')),
  ADD CONSTRAINT budget_rules_are_of_people
    CHECK (origin IN ('admin', 'deleted') OR (per = '' AND NOT carry_over AND raise_by = 0)),
  ADD CONSTRAINT budget_alert_percents_check CHECK (cardinality(alert_percents) <= 10);
CREATE INDEX budget_deleted ON budget.budget (id) WHERE origin = 'deleted';

-- What of a budget stands in the audit log.
CREATE FUNCTION budget.audited(b budget.budget) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT to_jsonb(b) - ARRAY['origin', 'created_at', 'template_id', 'template_value']
$$;

CREATE FUNCTION budget.audit(
  actor_id text, actor_name text, action text, reason text, before budget.budget, after budget.budget
) RETURNS void LANGUAGE sql SET search_path = pg_catalog AS $$
  INSERT INTO accounts.audit (actor_id, actor_name, action, kind, name, reason, organisation_id, before, after)
  VALUES (actor_id, actor_name, action, 'budget', coalesce(after.id, before.id), reason,
    coalesce(after.organisation_id, before.organisation_id),
    CASE WHEN before.id IS NOT NULL THEN budget.audited(before)::json END,
    CASE WHEN after.id IS NOT NULL THEN budget.audited(after)::json END)
$$;

-- `given` holds every column that people decide, by its name. A deleted budget of that id is one again and goes on with its windows.
CREATE FUNCTION budget.save_budget(given jsonb, actor_id text, actor_name text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  g budget.budget := jsonb_populate_record(NULL::budget.budget, given);
  before budget.budget;
  after budget.budget;
  was_there boolean;
BEGIN
  SELECT * INTO before FROM budget.budget WHERE id = g.id FOR UPDATE;
  IF FOUND AND before.origin NOT IN ('admin', 'deleted') THEN
    RAISE EXCEPTION 'budget % is a counter', g.id USING ERRCODE = 'unique_violation';
  END IF;
  was_there := FOUND AND before.origin = 'admin';
  INSERT INTO budget.budget AS b (
    id, name, organisation_id, team_id, user_id, key_id, end_user_id, route, provider, model, tag_name, tag_value, unit,
    limit_pico_usd, enforcement, max_share_percent, window_kind, window_seconds, time_zone, anchor_weekday, anchor_day,
    anchor_month, anchor_at, carry_over, per, on_exhausted, when_away, away_allowance, alert_percents)
  VALUES (
    g.id, g.name, g.organisation_id, g.team_id, g.user_id, g.key_id, g.end_user_id, g.route, g.provider, g.model, g.tag_name,
    g.tag_value, g.unit, g.limit_pico_usd, g.enforcement, g.max_share_percent, g.window_kind, g.window_seconds, g.time_zone,
    g.anchor_weekday, g.anchor_day, g.anchor_month, g.anchor_at, g.carry_over, g.per, g.on_exhausted, g.when_away,
    g.away_allowance, g.alert_percents)
  ON CONFLICT (id) DO UPDATE SET
    name = g.name, team_id = g.team_id, user_id = g.user_id, key_id = g.key_id, end_user_id = g.end_user_id, route = g.route,
    provider = g.provider, model = g.model, tag_name = g.tag_name, tag_value = g.tag_value, limit_pico_usd = g.limit_pico_usd,
    enforcement = g.enforcement, max_share_percent = g.max_share_percent, window_kind = g.window_kind,
    window_seconds = g.window_seconds, time_zone = g.time_zone, anchor_weekday = g.anchor_weekday, anchor_day = g.anchor_day,
    anchor_month = g.anchor_month, anchor_at = g.anchor_at, carry_over = g.carry_over, on_exhausted = g.on_exhausted,
    when_away = g.when_away, away_allowance = g.away_allowance, alert_percents = g.alert_percents, origin = 'admin'
  RETURNING * INTO after;
  IF (after.organisation_id, after.unit, after.per) IS DISTINCT FROM (g.organisation_id, g.unit, g.per) THEN
    RAISE EXCEPTION 'what budget % counts cannot change', g.id USING ERRCODE = 'check_violation';
  END IF;
  IF was_there THEN
    PERFORM budget.audit(actor_id, actor_name, 'update', reason, before, after);
  ELSE
    PERFORM budget.audit(actor_id, actor_name, 'create', reason, NULL, after);
  END IF;
END $$;

-- False: there is no such budget.
CREATE FUNCTION budget.delete_budget(budget_id text, actor_id text, actor_name text, reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  before budget.budget;
BEGIN
  SELECT * INTO before FROM budget.budget WHERE id = budget_id AND origin = 'admin' FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE budget.budget SET origin = 'deleted', raise_by = 0, raise_until = NULL, raise_reason = '' WHERE id = budget_id;
  -- The trigger looks at what a change has left, and that is no budget any more.
  UPDATE budget.revision SET revision = revision + 1;
  PERFORM budget.audit(actor_id, actor_name, 'delete', reason, before, NULL);
  RETURN true;
END $$;

-- 0 ends a raise. False: there is no such budget.
CREATE FUNCTION budget.raise_budget(
  budget_id text, by_amount numeric, until timestamptz, actor_id text, actor_name text, reason text
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  before budget.budget;
  after budget.budget;
BEGIN
  SELECT * INTO before FROM budget.budget WHERE id = budget_id AND origin = 'admin' FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE budget.budget b SET
    raise_by = by_amount,
    raise_until = CASE WHEN by_amount > 0 THEN until END,
    raise_reason = CASE WHEN by_amount > 0 THEN reason ELSE '' END
  WHERE b.id = budget_id RETURNING * INTO after;
  PERFORM budget.audit(actor_id, actor_name, 'raise', reason, before, after);
  RETURN true;
END $$;

-- Forgets windows of deleted budgets that last changed before that time, and deleted budgets that have no window any more; at most so
-- many of each. Returns how many it were.
CREATE FUNCTION budget.forget_deleted(changed_before timestamptz, at_most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  old text[];
  budgets bigint;
  windows bigint;
BEGIN
  old := ARRAY(
    SELECT b.id FROM budget.budget b
    WHERE b.origin = 'deleted' AND b.created_at < changed_before
      AND NOT EXISTS (SELECT FROM budget.budget_window w WHERE w.budget_id = b.id)
    LIMIT at_most);
  -- Whoever begins a window has its budget locked, so after this nobody does.
  old := ARRAY(SELECT id FROM budget.budget WHERE id = ANY (old) ORDER BY id FOR UPDATE SKIP LOCKED);
  DELETE FROM budget.budget b
    WHERE b.id = ANY (old) AND b.origin = 'deleted'
      AND NOT EXISTS (SELECT FROM budget.budget_window w WHERE w.budget_id = b.id)
      -- A template's counters go first.
      AND NOT EXISTS (SELECT FROM budget.budget c WHERE c.template_id = b.id);
  GET DIAGNOSTICS budgets = ROW_COUNT;

  WITH old AS (
    SELECT w.id FROM budget.budget_window w JOIN budget.budget b ON b.id = w.budget_id
      JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
    WHERE r.origin = 'deleted' AND w.changed_at < changed_before AND w.held_pico_usd = 0 AND w.granted_pico_usd = 0
      AND NOT EXISTS (SELECT FROM budget.credit_grant g WHERE g.window_id = w.id)
    LIMIT at_most FOR UPDATE OF w SKIP LOCKED
  )
  DELETE FROM budget.budget_window w USING old WHERE w.id = old.id;
  GET DIAGNOSTICS windows = ROW_COUNT;
  RETURN budgets + windows;
END $$;

-- The bucket of a rolling window that spend counted from then is in: a sixtieth of the length, as settlement computes it. Such a window
-- is filed under the epoch less its length. 0 for any other window.
CREATE FUNCTION budget.bucket_of(starts_at timestamptz, counts_from_ms float8) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN starts_at < timestamptz 'epoch' AND counts_from_ms IS NOT NULL
    THEN floor(counts_from_ms / ceil(extract(epoch FROM starts_at)::float8 * -1000 / 60))::bigint ELSE 0 END
$$;

-- What forgotten holds have posted in windows that are still there. Without a foreign key: its check would wait for the row of a window
-- that is always in use.
CREATE TABLE budget.forgotten_spend (
  window_id bigint NOT NULL,
  bucket bigint NOT NULL,
  posted_pico_usd numeric(38, 0) NOT NULL,
  PRIMARY KEY (window_id, bucket)
);

-- What was forgotten before there was this table is taken as the counters say it.
INSERT INTO budget.forgotten_spend (window_id, bucket, posted_pico_usd)
  SELECT w.id, 0, w.posted_pico_usd - coalesce(l.posted, 0)
  FROM budget.budget_window w
  LEFT JOIN (
    SELECT (line ->> 'window')::bigint AS window_id, sum((line ->> 'posted')::numeric) AS posted
    FROM budget.hold h CROSS JOIN LATERAL jsonb_array_elements(h.lines) line GROUP BY 1) l ON l.window_id = w.id
  WHERE w.posted_pico_usd <> coalesce(l.posted, 0) AND w.starts_at >= 'epoch';

REVOKE ALL ON FUNCTION budget.audited, budget.audit, budget.save_budget, budget.delete_budget, budget.raise_budget,
  budget.forget_deleted, budget.bucket_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget.save_budget, budget.delete_budget, budget.raise_budget, budget.forget_deleted, budget.bucket_of
  TO waybill_budget;
GRANT SELECT, INSERT, UPDATE, DELETE ON budget.forgotten_spend TO waybill_budget;
