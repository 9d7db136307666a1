-- Why requests went where they went: one row per decision, refused ones too. No money stands here; losing a row loses an
-- explanation. As in the books, keys begin with the month inside the request's UUIDv7, so that the table can be cut by month.
CREATE SCHEMA requests;

CREATE TABLE requests.decision (
  request_id      uuid NOT NULL,
  attempt         smallint NOT NULL,
  request_month   date NOT NULL,
  decided_at      timestamptz NOT NULL,
  organisation_id text NOT NULL,
  team_id         text NOT NULL,
  user_id         text NOT NULL,
  key_id          text NOT NULL,
  end_user_id     text NOT NULL,
  requested_model text NOT NULL,
  route           text NOT NULL,
  route_version   bigint NOT NULL,
  -- The nodes walked, in order, as "<node>" or "<node>:<edge taken>".
  path            text[] NOT NULL,
  reason          text NOT NULL,
  -- '' and '': refused.
  provider        text NOT NULL,
  model           text NOT NULL,
  refusal_code    text NOT NULL,
  took_us         bigint NOT NULL,
  -- The whole DecisionRecord, from which the decision can be replayed.
  record          bytea NOT NULL,
  PRIMARY KEY (request_month, request_id, attempt)
);
CREATE INDEX decision_by_time ON requests.decision (decided_at DESC, request_id DESC, attempt DESC);
CREATE INDEX decision_by_organisation ON requests.decision (organisation_id, decided_at DESC, request_id DESC, attempt DESC);
CREATE INDEX decision_by_route ON requests.decision (route, decided_at DESC, request_id DESC, attempt DESC) WHERE route <> '';
CREATE INDEX decision_by_team ON requests.decision (team_id, decided_at DESC, request_id DESC, attempt DESC);
CREATE INDEX decision_by_model ON requests.decision (model, provider, decided_at DESC, request_id DESC, attempt DESC) WHERE model <> '';
CREATE INDEX decision_refused ON requests.decision (decided_at DESC, request_id DESC, attempt DESC) WHERE refusal_code <> '';

GRANT USAGE ON SCHEMA requests TO waybill_ledger;
-- Old rows are deleted; none is ever changed.
GRANT SELECT, INSERT, DELETE ON requests.decision TO waybill_ledger;
