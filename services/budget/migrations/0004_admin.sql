-- Who may administer, and what they have changed in accounts.

-- `wba_<key_id>_<secret>`: the id is public, of the secret only the SHA-256 is kept.
CREATE TABLE accounts.admin_key (
  key_id text PRIMARY KEY CHECK (key_id ~ '^[A-Za-z0-9]{4,64}$'),
  secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
  -- Empty: the whole installation.
  organisation_id text NOT NULL CHECK (organisation_id ~ '^([a-z0-9][a-z0-9-]{0,62})?$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  role text NOT NULL CHECK (role IN ('admin', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

CREATE TABLE accounts.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  -- The admin key, or `operator`.
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  action text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  reason text NOT NULL,
  organisation_id text NOT NULL,
  before json,
  after json
);
CREATE INDEX audit_organisation ON accounts.audit (organisation_id, id);

GRANT SELECT ON accounts.admin_key TO waybill_budget;
GRANT SELECT, INSERT ON accounts.audit TO waybill_budget;
