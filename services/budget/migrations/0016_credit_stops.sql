-- Until when nobody gets credit of this window ahead of need, because somebody was short of it a moment ago: what is called back for one
-- must not be given to another before the first one is decided. NULL: it was never stopped.
ALTER TABLE budget.budget_window ADD COLUMN no_credit_until timestamptz;
