-- Credit that is set aside for the time in which this service cannot be asked: a budget's `away_allowance`, divided among the routers.
ALTER TABLE budget.credit_grant ADD COLUMN is_reserve boolean NOT NULL DEFAULT false;
CREATE INDEX credit_grant_reserve ON budget.credit_grant (window_id) WHERE is_reserve AND cap_pico_usd > debited_pico_usd;
