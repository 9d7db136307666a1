-- Accounts that administrators change: what else a key may say, secrets that overlap while they are changed, roles, and the rights to
-- write it all. The owner of the database is needed no more but for the first admin key.
ALTER TABLE accounts.team
  -- For finance's own books; nothing here reads it.
  ADD COLUMN cost_centre text NOT NULL DEFAULT '' CHECK (length(cost_centre) <= 128);

ALTER TABLE accounts.virtual_key
  -- Empty: every route, every surface.
  ADD COLUMN allowed_routes text[] NOT NULL DEFAULT '{}',
  ADD COLUMN allowed_surfaces text[] NOT NULL DEFAULT '{}',
  -- Of a request that says no limit of its own; 0: no default.
  ADD COLUMN max_output_tokens_default int NOT NULL DEFAULT 0 CHECK (max_output_tokens_default BETWEEN 0 AND 100000000),
  -- The secret before the last rotation, good until then.
  ADD COLUMN previous_secret_sha256 bytea CHECK (octet_length(previous_secret_sha256) = 32),
  ADD COLUMN previous_secret_until timestamptz,
  -- Raised by every change; told to the ingresses.
  ADD COLUMN revision bigint NOT NULL DEFAULT 1,
  ADD CONSTRAINT virtual_key_previous_secret_ends CHECK ((previous_secret_sha256 IS NULL) = (previous_secret_until IS NULL));

-- What the bucket is repaired from: keys that were changed, or revoked.
CREATE INDEX virtual_key_changed ON accounts.virtual_key (key_id) WHERE revision > 1 OR revoked_at IS NOT NULL;
DROP INDEX accounts.virtual_key_revoked;
-- Keys of a user: how many there are, and whether a name is taken.
CREATE INDEX virtual_key_user ON accounts.virtual_key (organisation_id, user_id);
DROP INDEX accounts.virtual_key_organisation;
CREATE INDEX app_user_team ON accounts.app_user (organisation_id, team_id);

ALTER TABLE accounts.admin_key
  DROP CONSTRAINT admin_key_role_check,
  ADD CONSTRAINT admin_key_role_check CHECK (role IN ('owner', 'admin', 'viewer', 'finance', 'machine')),
  ADD COLUMN previous_secret_sha256 bytea CHECK (octet_length(previous_secret_sha256) = 32),
  ADD COLUMN previous_secret_until timestamptz,
  ADD CONSTRAINT admin_key_previous_secret_ends CHECK ((previous_secret_sha256 IS NULL) = (previous_secret_until IS NULL));

-- Whose a thing is never changes, nor its id; the log is only ever added to.
GRANT INSERT, UPDATE (name), DELETE ON accounts.organisation TO waybill_budget;
GRANT INSERT, UPDATE (name, cost_centre), DELETE ON accounts.team TO waybill_budget;
GRANT INSERT, UPDATE (name, team_id), DELETE ON accounts.app_user TO waybill_budget;
GRANT INSERT, DELETE,
  UPDATE (name, tags, metadata, allowed_models, allowed_routes, allowed_surfaces, max_output_tokens_default, expires_at, revoked_at,
    secret_sha256, previous_secret_sha256, previous_secret_until, revision)
  ON accounts.virtual_key TO waybill_budget;
GRANT INSERT,
  UPDATE (name, role, expires_at, revoked_at, secret_sha256, previous_secret_sha256, previous_secret_until)
  ON accounts.admin_key TO waybill_budget;
-- With an organisation that is deleted goes the row that says that it has no counters.
GRANT DELETE ON budget.limit_count TO waybill_budget;
