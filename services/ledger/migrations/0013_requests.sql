-- The log of requests: it walks back through the keys of entries and decisions, which are in the order of time, so that it needs no index
-- but for what is rare among very many.

-- What the client named as its session, at most 128 characters. NULL: none.
ALTER TABLE ledger.entry ADD COLUMN session text;
-- Of an attempt that failed, broke off or was not the first.
CREATE INDEX entry_not_at_once ON ledger.entry (request_month, request_id) WHERE outcome <> 'success' OR attempt > 1;

-- By what refused requests are found, as others are by their entries. Decisions of before have neither.
ALTER TABLE requests.decision ADD COLUMN session text NOT NULL DEFAULT '';
ALTER TABLE requests.decision ADD COLUMN tags jsonb NOT NULL DEFAULT '{}';
CREATE INDEX decision_refused_request ON requests.decision (request_month, request_id) WHERE refusal_code <> '';
