-- What was spent when, alerts about it, and webhooks that are told of them.

-- What settlement posted in each minute, net of corrections, in the budget's unit: written in the transaction that posts it. A rolling
-- window's spend stands here when it was posted, not when it begins to count. Kept for 25 hours.
CREATE TABLE budget.spend (
  budget_id text NOT NULL,
  minute bigint NOT NULL,
  window_id bigint NOT NULL,
  amount numeric(38, 0) NOT NULL,
  PRIMARY KEY (budget_id, minute, window_id)
) WITH (fillfactor = 70);
CREATE INDEX spend_minute ON budget.spend (minute);

-- One row for each call of a session that a worker has booked. Kept for half an hour.
CREATE TABLE budget.session_call (
  attempt_id text NOT NULL,
  organisation_id text NOT NULL,
  session text NOT NULL,
  key_id text NOT NULL,
  called_at timestamptz NOT NULL,
  input_tokens bigint NOT NULL,
  cost_pico_usd numeric(38, 0) NOT NULL,
  budget_ids text[] NOT NULL
);
CREATE INDEX session_call_at ON budget.session_call USING brin (called_at) WITH (pages_per_range = 8);

-- Whoever has this row locked looks at what was spent; every minute before `looked_minute` was looked at.
CREATE TABLE budget.alert_watch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  looked_minute bigint NOT NULL DEFAULT 0
);
INSERT INTO budget.alert_watch DEFAULT VALUES;

CREATE TABLE budget.alert (
  id text PRIMARY KEY,
  -- What can be told only once.
  once text NOT NULL UNIQUE,
  organisation_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('threshold', 'projected', 'burn_anomalous', 'over_hold', 'runaway', 'test')),
  -- Empty: of no budget.
  budget_id text NOT NULL,
  raised_at timestamptz NOT NULL,
  summary text NOT NULL,
  -- The figures, as everyone is shown them.
  data json NOT NULL,
  -- Told on the bus.
  published_at timestamptz
);
CREATE INDEX alert_newest ON budget.alert (raised_at DESC, id DESC);
CREATE INDEX alert_unpublished ON budget.alert (raised_at) WHERE published_at IS NULL;

CREATE TABLE budget.webhook (
  id text PRIMARY KEY,
  -- Empty: alerts of every organisation.
  organisation_id text NOT NULL,
  url text NOT NULL CHECK (length(url) <= 2048),
  -- Its secret is derived from this and a setting of the service; by itself it is of no use.
  salt text NOT NULL,
  -- Empty: of every kind.
  kinds text[] NOT NULL,
  created_at timestamptz NOT NULL
);

-- What a webhook is yet to be told, or was told.
CREATE TABLE budget.webhook_delivery (
  alert_id text NOT NULL REFERENCES budget.alert (id) ON DELETE CASCADE,
  webhook_id text NOT NULL REFERENCES budget.webhook (id) ON DELETE CASCADE,
  tries int NOT NULL DEFAULT 0,
  -- When it is tried next; NULL: never again.
  next_at timestamptz,
  last_tried_at timestamptz,
  delivered_at timestamptz,
  -- An HTTP status, or a word; empty: it was not tried.
  last_answer text NOT NULL DEFAULT '',
  PRIMARY KEY (alert_id, webhook_id)
);
CREATE INDEX webhook_delivery_due ON budget.webhook_delivery (webhook_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_delivery_newest ON budget.webhook_delivery (webhook_id, last_tried_at DESC);

GRANT SELECT, INSERT, UPDATE, DELETE ON budget.spend, budget.webhook_delivery TO waybill_budget;
GRANT SELECT, INSERT, DELETE ON budget.session_call, budget.webhook TO waybill_budget;
GRANT SELECT, INSERT, DELETE, UPDATE (published_at) ON budget.alert TO waybill_budget;
GRANT SELECT, UPDATE (looked_minute) ON budget.alert_watch TO waybill_budget;
