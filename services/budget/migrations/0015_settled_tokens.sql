-- What a record has counted, so that budgets of tokens and requests can be recomputed attempt by attempt as those of money can. NULL: from
-- before, or nothing better is known than what was held.
ALTER TABLE budget.settled_record ADD COLUMN tokens bigint CHECK (tokens >= 0);
