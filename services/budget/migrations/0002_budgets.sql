-- What may be spent. Counters are integer pico-USD (10^-12 USD) in numeric(38,0): exact, and sums cannot overflow.
CREATE SCHEMA budget;

-- The one clock that decides windows and ends of life.
CREATE FUNCTION budget.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

CREATE TABLE budget.budget (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9._-]{0,126}$'),
  name text NOT NULL,
  -- The scope: every field that is set must match. The organisation always is, so no scope is empty.
  organisation_id text NOT NULL REFERENCES accounts.organisation (id),
  team_id text NOT NULL DEFAULT '',
  user_id text NOT NULL DEFAULT '',
  key_id text NOT NULL DEFAULT '',
  end_user_id text NOT NULL DEFAULT '',
  route text NOT NULL DEFAULT '',
  provider text NOT NULL DEFAULT '',
  model text NOT NULL DEFAULT '',
  tag_name text NOT NULL DEFAULT '',
  tag_value text NOT NULL DEFAULT '',
  limit_pico_usd numeric(38, 0) NOT NULL CHECK (limit_pico_usd >= 0),
  window_kind text NOT NULL CHECK (window_kind IN ('day', 'week', 'month', 'quarter', 'year', 'fixed', 'total')),
  -- Length of a fixed window; such windows are counted from 1970.
  window_seconds bigint CHECK (window_seconds BETWEEN 1 AND 315360000),
  -- Other zones than UTC are not accepted yet.
  time_zone text NOT NULL DEFAULT 'UTC' CHECK (time_zone = 'UTC'),
  -- Soft and observed budgets are not accepted yet.
  enforcement text NOT NULL DEFAULT 'hard' CHECK (enforcement = 'hard'),
  max_share_percent int NOT NULL DEFAULT 50 CHECK (max_share_percent BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((window_kind = 'fixed') = (window_seconds IS NOT NULL)),
  CHECK ((tag_name = '') = (tag_value = ''))
);

-- Raised by every change of the list, so that each process notices within a second and sends it to its routers.
CREATE TABLE budget.revision (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  revision bigint NOT NULL
);
INSERT INTO budget.revision (revision) VALUES (1);

CREATE FUNCTION budget.raise_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE budget.revision SET revision = revision + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE ON budget.budget
  FOR EACH STATEMENT EXECUTE FUNCTION budget.raise_revision();

-- Where the window of a moment begins; calendar windows begin at midnight UTC.
CREATE FUNCTION budget.window_start(kind text, seconds bigint, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE kind
    WHEN 'total' THEN 'epoch'::timestamptz
    WHEN 'fixed' THEN to_timestamp(floor(extract(epoch FROM at) / seconds) * seconds)
    ELSE date_trunc(kind, at, 'UTC')
  END
$$;

-- Where it ends; a total never does.
CREATE FUNCTION budget.window_end(kind text, seconds bigint, starts_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE kind
    WHEN 'total' THEN NULL
    WHEN 'fixed' THEN starts_at + make_interval(secs => seconds)
    WHEN 'quarter' THEN (starts_at AT TIME ZONE 'UTC' + interval '3 months') AT TIME ZONE 'UTC'
    ELSE (starts_at AT TIME ZONE 'UTC' + ('1 ' || kind)::interval) AT TIME ZONE 'UTC'
  END
$$;

-- posted + held + granted <= limit is the condition for giving credit, never a constraint: what was spent is posted.
-- Every change of a grant or a hold happens under the lock of its window's row; rows are locked in id order.
CREATE TABLE budget.budget_window (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  budget_id text NOT NULL REFERENCES budget.budget (id),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz,
  limit_pico_usd numeric(38, 0) NOT NULL,
  posted_pico_usd numeric(38, 0) NOT NULL DEFAULT 0,
  -- Sum of the amounts of the open holds.
  held_pico_usd numeric(38, 0) NOT NULL DEFAULT 0,
  -- Sum over the grants of what may still be cut from them.
  granted_pico_usd numeric(38, 0) NOT NULL DEFAULT 0,
  UNIQUE (budget_id, starts_at)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- A new limit holds for the windows that have not ended, too.
CREATE FUNCTION budget.spread_limit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE budget.budget_window SET limit_pico_usd = NEW.limit_pico_usd
    WHERE budget_id = NEW.id AND (ends_at IS NULL OR ends_at > budget.clock());
  RETURN NULL;
END $$;
CREATE TRIGGER spread_limit AFTER UPDATE OF limit_pico_usd ON budget.budget
  FOR EACH ROW EXECUTE FUNCTION budget.spread_limit();

-- Credit leased to one router incarnation. What it counts in its window is max(0, cap - debited).
CREATE TABLE budget.credit_grant (
  grant_id text PRIMARY KEY,
  holder text NOT NULL,
  budget_id text NOT NULL,
  window_id bigint NOT NULL REFERENCES budget.budget_window (id),
  amount_pico_usd numeric(38, 0) NOT NULL,
  -- The most that may ever be debited: the amount, then the total that the holder named when it closed the grant.
  cap_pico_usd numeric(38, 0) NOT NULL,
  -- Sum of the lines that are known to have been cut from it.
  debited_pico_usd numeric(38, 0) NOT NULL DEFAULT 0,
  state text NOT NULL CHECK (state IN ('open', 'closed', 'reaped', 'restored')),
  granted_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_hold_ends_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX credit_grant_to_reap ON budget.credit_grant (last_hold_ends_at) WHERE cap_pico_usd > debited_pico_usd;
CREATE INDEX credit_grant_open_budget ON budget.credit_grant (budget_id) WHERE state = 'open';

-- What one holder holds under one attempt: open until a record of the attempt settles it.
CREATE TABLE budget.hold (
  attempt_id text NOT NULL,
  holder text NOT NULL,
  -- [{"budget": "b", "window": "1", "grant": "", "amount": "9", "posted": "7"}]: amounts as decimal text in pico-USD;
  -- grant '' is an exact hold; posted is what the record that stands posted, carried by one line of each window.
  lines jsonb NOT NULL,
  placed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  settled_at timestamptz,
  -- What is needed to write a record for an attempt whose own never comes: a JournaledAttempt. Dropped when settled.
  message bytea,
  PRIMARY KEY (attempt_id, holder)
) WITH (fillfactor = 70);
CREATE INDEX hold_to_reap ON budget.hold (expires_at) WHERE settled_at IS NULL;

-- Each usage record once. The ordinal counts an attempt's records from 1: two writers that settle one attempt at the same
-- moment both try the same number, and the second one begins again with what the first has written.
CREATE TABLE budget.settled_record (
  attempt_id text NOT NULL,
  ordinal int NOT NULL,
  record_id text NOT NULL,
  source text NOT NULL CHECK (source IN ('worker', 'lost', 'ingress', 'void')),
  outcome text NOT NULL,
  cost_pico_usd numeric(38, 0) NOT NULL,
  cost_known boolean NOT NULL,
  settled_at timestamptz NOT NULL,
  PRIMARY KEY (attempt_id, ordinal)
);
CREATE INDEX settled_record_settled_at ON budget.settled_record USING brin (settled_at);

GRANT USAGE ON SCHEMA budget TO waybill_budget;
GRANT SELECT ON ALL TABLES IN SCHEMA budget TO waybill_budget;
GRANT INSERT, UPDATE ON budget.budget_window, budget.credit_grant, budget.hold TO waybill_budget;
GRANT INSERT ON budget.settled_record TO waybill_budget;
GRANT DELETE ON budget.credit_grant, budget.hold, budget.settled_record TO waybill_budget;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA budget TO waybill_budget;
