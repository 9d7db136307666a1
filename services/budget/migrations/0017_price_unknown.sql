-- An alert when a call is booked whose price nobody knows.
ALTER TABLE budget.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE budget.alert ADD CONSTRAINT alert_kind_check
  CHECK (kind IN ('threshold', 'projected', 'burn_anomalous', 'over_hold', 'runaway', 'price_unknown', 'test'));
