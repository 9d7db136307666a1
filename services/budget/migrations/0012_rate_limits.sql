-- Rate limits: how much may pass in a time. People save them through functions that write the audit log, too; what has passed is counted
-- in buckets that fill by Postgres's clock.

CREATE TABLE budget.rate_limit (
  id text PRIMARY KEY,
  organisation_id text NOT NULL CHECK (organisation_id <> ''),
  team_id text NOT NULL DEFAULT '',
  user_id text NOT NULL DEFAULT '',
  key_id text NOT NULL DEFAULT '',
  end_user_id text NOT NULL DEFAULT '',
  route text NOT NULL DEFAULT '',
  provider text NOT NULL DEFAULT '',
  model text NOT NULL DEFAULT '',
  tag_name text NOT NULL DEFAULT '',
  tag_value text NOT NULL DEFAULT '',
  per text NOT NULL DEFAULT '' CHECK (per IN ('', 'team_id', 'user_id', 'key_id', 'end_user_id')),
  unit text NOT NULL CHECK (unit IN ('requests', 'tokens', 'concurrency')),
  amount bigint NOT NULL CHECK (amount > 0),
  per_seconds int NOT NULL CHECK (per_seconds BETWEEN 0 AND 86400 AND (per_seconds = 0) = (unit = 'concurrency')),
  burst bigint NOT NULL CHECK (burst > 0)
);
-- Routers are told the limits together with the budgets.
CREATE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE ON budget.rate_limit
  FOR EACH STATEMENT EXECUTE FUNCTION budget.raise_revision();

-- A counter's bucket. Unlogged: after a crash of Postgres all begin full, which lets a burst pass once more and costs no write to disk
-- for every part that is given. Its row goes as soon as it would be full.
CREATE UNLOGGED TABLE budget.rate_bucket (
  id text PRIMARY KEY,
  limit_id text NOT NULL,
  state jsonb,
  full_at timestamptz NOT NULL DEFAULT budget.clock()
) WITH (fillfactor = 50);
CREATE INDEX rate_bucket_full ON budget.rate_bucket (full_at);

CREATE FUNCTION budget.audit_rate_limit(
  actor_id text, actor_name text, action text, reason text, before budget.rate_limit, after budget.rate_limit
) RETURNS void LANGUAGE sql SET search_path = pg_catalog AS $$
  INSERT INTO accounts.audit (actor_id, actor_name, action, kind, name, reason, organisation_id, before, after)
  VALUES (actor_id, actor_name, action, 'rate_limit', coalesce(after.id, before.id), reason,
    coalesce(after.organisation_id, before.organisation_id),
    CASE WHEN before.id IS NOT NULL THEN to_json(before) END, CASE WHEN after.id IS NOT NULL THEN to_json(after) END)
$$;

-- `given` holds every column by its name.
CREATE FUNCTION budget.save_rate_limit(given jsonb, actor_id text, actor_name text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  g budget.rate_limit := jsonb_populate_record(NULL::budget.rate_limit, given);
  before budget.rate_limit;
BEGIN
  DELETE FROM budget.rate_limit WHERE id = g.id RETURNING * INTO before;
  IF FOUND AND before.organisation_id <> g.organisation_id THEN
    RAISE EXCEPTION 'whose rate limit % is cannot change', g.id USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO budget.rate_limit SELECT g.*;
  PERFORM budget.audit_rate_limit(
    actor_id, actor_name, CASE WHEN before.id IS NULL THEN 'create' ELSE 'update' END, reason, before, g);
END $$;

-- False: there is no such limit.
CREATE FUNCTION budget.delete_rate_limit(limit_id text, actor_id text, actor_name text, reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  before budget.rate_limit;
BEGIN
  DELETE FROM budget.rate_limit WHERE id = limit_id RETURNING * INTO before;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM budget.audit_rate_limit(actor_id, actor_name, 'delete', reason, before, NULL);
  RETURN true;
END $$;

REVOKE ALL ON FUNCTION budget.audit_rate_limit, budget.save_rate_limit, budget.delete_rate_limit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget.save_rate_limit, budget.delete_rate_limit TO waybill_budget;
GRANT SELECT ON budget.rate_limit TO waybill_budget;
GRANT SELECT, INSERT, UPDATE, DELETE ON budget.rate_bucket TO waybill_budget;
