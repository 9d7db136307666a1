-- Who may spend: organisations, teams, users and their virtual keys. Ids are short text, unique within the organisation.
CREATE SCHEMA accounts;

CREATE TABLE accounts.organisation (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE accounts.team (
  organisation_id text NOT NULL REFERENCES accounts.organisation (id),
  id text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id)
);

CREATE TABLE accounts.app_user (
  organisation_id text NOT NULL,
  id text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  team_id text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id),
  FOREIGN KEY (organisation_id, team_id) REFERENCES accounts.team (organisation_id, id)
);

-- `wb_<key_id>_<secret>`: the id is public, of the secret only the SHA-256 is kept.
CREATE TABLE accounts.virtual_key (
  key_id text PRIMARY KEY CHECK (key_id ~ '^[A-Za-z0-9]{4,64}$'),
  secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
  organisation_id text NOT NULL,
  user_id text NOT NULL,
  name text NOT NULL,
  tags jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(tags) = 'object'),
  metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
  -- Empty: every model.
  allowed_models text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  FOREIGN KEY (organisation_id, user_id) REFERENCES accounts.app_user (organisation_id, id)
);

-- What the revocation bucket is repaired from.
CREATE INDEX virtual_key_revoked ON accounts.virtual_key (key_id) WHERE revoked_at IS NOT NULL;
CREATE INDEX virtual_key_organisation ON accounts.virtual_key (organisation_id);

GRANT USAGE ON SCHEMA accounts TO waybill_budget;
GRANT SELECT ON ALL TABLES IN SCHEMA accounts TO waybill_budget;
GRANT UPDATE (revoked_at) ON accounts.virtual_key TO waybill_budget;
