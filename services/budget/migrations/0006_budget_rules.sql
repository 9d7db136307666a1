-- What a budget may say beside its limit: what it counts, when its windows begin, how strict it is, and what happens at its end.
-- Columns named pico_usd hold amounts of the budget's unit.
ALTER TABLE budget.budget
  DROP CONSTRAINT budget_window_kind_check,
  DROP CONSTRAINT budget_time_zone_check,
  DROP CONSTRAINT budget_enforcement_check,
  DROP CONSTRAINT budget_check,
  DROP CONSTRAINT budget_check2,
  ADD CONSTRAINT budget_window_kind_check
    CHECK (window_kind IN ('day', 'week', 'month', 'quarter', 'year', 'fixed', 'rolling', 'total')),
  ADD CONSTRAINT budget_window_seconds_is_for_lengths
    CHECK ((window_kind IN ('fixed', 'rolling')) = (window_seconds IS NOT NULL)),
  ADD CONSTRAINT budget_enforcement_check CHECK (enforcement IN ('hard', 'soft', 'observe')),
  -- An IANA name; checked against pg_timezone_names when a budget is saved.
  ADD CONSTRAINT budget_time_zone_check CHECK (time_zone ~ '^[A-Za-z0-9_+/-]{1,64}$'),
  -- Where calendar windows begin: a week on this day (1 is Monday), a month on this day, quarters and years on this day of this month.
  ADD COLUMN anchor_weekday int NOT NULL DEFAULT 1 CHECK (anchor_weekday BETWEEN 1 AND 7),
  ADD COLUMN anchor_day     int NOT NULL DEFAULT 1 CHECK (anchor_day BETWEEN 1 AND 28),
  ADD COLUMN anchor_month   int NOT NULL DEFAULT 1 CHECK (anchor_month BETWEEN 1 AND 12),
  -- A moment at which a fixed window begins.
  ADD COLUMN anchor_at      timestamptz NOT NULL DEFAULT 'epoch',
  -- What a window leaves unspent is added to the next one.
  ADD COLUMN carry_over     boolean NOT NULL DEFAULT false,
  -- Not empty: a template. Each value of this field of a request has a counter of its own, made at first use.
  ADD COLUMN per            text NOT NULL DEFAULT '' CHECK (per IN ('', 'team_id', 'user_id', 'key_id', 'end_user_id')),
  -- What a request meets that does not fit any more.
  ADD COLUMN on_exhausted   text NOT NULL DEFAULT 'refuse' CHECK (on_exhausted IN ('refuse', 'fallback', 'downgrade')),
  -- What a request meets while nobody can be asked and no credit is in hand; `allow` up to the allowance.
  ADD COLUMN when_away      text NOT NULL DEFAULT 'deny' CHECK (when_away IN ('deny', 'allow', 'downgrade')),
  ADD COLUMN away_allowance numeric(38, 0) NOT NULL DEFAULT 0 CHECK (away_allowance >= 0),
  -- More than the limit, until then.
  ADD COLUMN raise_by       numeric(38, 0) NOT NULL DEFAULT 0 CHECK (raise_by >= 0),
  ADD COLUMN raise_reason   text NOT NULL DEFAULT '',
  ADD COLUMN raise_until    timestamptz,
  -- Percents of the limit at which somebody is told, once a window.
  ADD COLUMN alert_percents int[] NOT NULL DEFAULT '{}',
  ADD CHECK ((raise_by > 0) = (raise_until IS NOT NULL)),
  ADD CHECK ((when_away = 'allow') = (away_allowance > 0)),
  ADD CHECK (origin = 'admin' OR (per = '' AND NOT carry_over AND raise_by = 0));
