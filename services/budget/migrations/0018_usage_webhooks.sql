-- Webhooks that are told of what is booked: how far each was told. What it is told next is read from the ledger.
CREATE TABLE budget.webhook_follow (
  webhook_id text PRIMARY KEY REFERENCES budget.webhook (id) ON DELETE CASCADE,
  -- Behind which entry it goes on, as the ledger gave it; empty: with what was booked at `from_at` or later.
  place text NOT NULL,
  from_at timestamptz NOT NULL,
  -- Of the batch it is to be told now.
  tries int NOT NULL DEFAULT 0,
  -- When it is told next, or by when whoever tells it must be done; NULL: it has stopped and waits for somebody to start it again.
  next_at timestamptz,
  last_tried_at timestamptz,
  -- An HTTP status, or a word; empty: it was not tried.
  last_answer text NOT NULL DEFAULT '',
  delivered_at timestamptz,
  delivered_events bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE ON budget.webhook_follow TO waybill_budget;
