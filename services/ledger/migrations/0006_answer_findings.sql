-- What content filters found in answers, beside the decisions of the same attempts. What was found stands nowhere.
CREATE TABLE requests.answer_finding (
  request_id      uuid NOT NULL,
  attempt         smallint NOT NULL,
  request_month   date NOT NULL,
  found_at        timestamptz NOT NULL,
  organisation_id text NOT NULL,
  filter          text NOT NULL,
  kind            text NOT NULL,
  -- block, redact or flag
  action          text NOT NULL,
  findings        bigint NOT NULL,
  PRIMARY KEY (request_month, request_id, attempt, filter, kind, action)
);
CREATE INDEX answer_finding_by_time ON requests.answer_finding (found_at);

-- Old rows are deleted; none is ever changed.
GRANT SELECT, INSERT, DELETE ON requests.answer_finding TO waybill_ledger;
