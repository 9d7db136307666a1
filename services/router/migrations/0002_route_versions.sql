-- Routes with an identity of their own: versions that never change, deployments that are only added, and the audit log. Models,
-- providers and aliases keep routing.version and routing.deployment, which now say who changed them and why.

CREATE TABLE routing.route (
  id              uuid PRIMARY KEY,
  -- Empty: everyone's.
  organisation_id text NOT NULL,
  name            text COLLATE "C" NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  modified_at     timestamptz NOT NULL DEFAULT now(),
  deleted_at      timestamptz
);
CREATE UNIQUE INDEX route_name ON routing.route (organisation_id, name) WHERE deleted_at IS NULL;
-- Deleted ones too: what was seeded once is not seeded again, and old decisions are replayed.
CREATE INDEX route_ever_named ON routing.route (organisation_id, name);

CREATE TABLE routing.route_version (
  route_id        uuid NOT NULL REFERENCES routing.route (id),
  version         int  NOT NULL CHECK (version > 0),
  -- json and not jsonb: the author's order of fields stays, and so does every character a JSON text can hold.
  document        json NOT NULL,
  -- SHA-256 of the document's text, in hexadecimal: what the bucket holds is compared without reading documents.
  digest          text NOT NULL,
  -- As it was imported; empty: it was not.
  source_shape    text NOT NULL,
  source_text     text NOT NULL,
  source_warnings text[] NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  created_by      text NOT NULL,
  reason          text NOT NULL,
  PRIMARY KEY (route_id, version)
);

-- The latest one is live, unless the route was deleted.
CREATE TABLE routing.route_deployment (
  sequence    bigint GENERATED ALWAYS AS IDENTITY,
  id          uuid NOT NULL UNIQUE,
  route_id    uuid NOT NULL,
  version     int  NOT NULL,
  deployed_at timestamptz NOT NULL DEFAULT now(),
  deployed_by text NOT NULL,
  reason      text NOT NULL,
  PRIMARY KEY (route_id, sequence),
  FOREIGN KEY (route_id, version) REFERENCES routing.route_version (route_id, version)
);

CREATE TABLE routing.audit (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at              timestamptz NOT NULL DEFAULT now(),
  -- The admin key; empty where no person did it, as with waybill.yaml.
  actor_id        text NOT NULL,
  actor_name      text NOT NULL,
  action          text NOT NULL,
  kind            text NOT NULL,
  name            text NOT NULL,
  -- 0: the change has no version.
  version         int  NOT NULL,
  reason          text NOT NULL,
  organisation_id text NOT NULL,
  before          json,
  after           json
);
CREATE INDEX audit_of_organisation ON routing.audit (organisation_id, id);

-- What waybill.yaml said when it was last read. While it says the same, what people have changed since stays.
CREATE TABLE routing.file_entry (
  kind   text NOT NULL,
  name   text NOT NULL,
  digest text NOT NULL,
  PRIMARY KEY (kind, name)
);

-- Routes move out of the tables they shared.
INSERT INTO routing.route (id, organisation_id, name, created_at, modified_at)
  SELECT gen_random_uuid(), '', name, min(created_at), max(created_at) FROM routing.version WHERE kind = 'route' GROUP BY name;
INSERT INTO routing.route_version (route_id, version, document, digest, source_shape, source_text, source_warnings,
                                   created_at, created_by, reason)
  SELECT r.id, v.version, v.document::text::json, encode(sha256(convert_to(v.document::text, 'UTF8')), 'hex'), '', '', '{}',
         v.created_at, v.created_by, ''
  FROM routing.version v JOIN routing.route r ON r.name = v.name WHERE v.kind = 'route';
INSERT INTO routing.route_deployment (id, route_id, version, deployed_at, deployed_by, reason)
  SELECT gen_random_uuid(), r.id, d.version, d.deployed_at, d.source, ''
  FROM routing.deployment d JOIN routing.route r ON r.name = d.name WHERE d.kind = 'route';
DELETE FROM routing.deployment WHERE kind = 'route';
DELETE FROM routing.version WHERE kind = 'route';

ALTER TABLE routing.version
  DROP CONSTRAINT version_kind_check,
  ADD CONSTRAINT version_kind_check CHECK (kind IN ('provider', 'model', 'alias')),
  ADD COLUMN source text,
  ADD COLUMN reason text NOT NULL DEFAULT '';
UPDATE routing.version SET source = created_by;
ALTER TABLE routing.version
  ALTER COLUMN source SET NOT NULL,
  ADD CONSTRAINT version_source_check CHECK (source IN ('file', 'seed', 'api', 'import'));
ALTER TABLE routing.deployment
  DROP CONSTRAINT deployment_source_check,
  ADD CONSTRAINT deployment_source_check CHECK (source IN ('file', 'seed', 'api', 'import'));

-- A model's version names its price entries, so that a changed price is a new version and an old version keeps its prices.
UPDATE routing.version v SET document = v.document || jsonb_build_object('prices', coalesce(
  (SELECT jsonb_agg(l.version ORDER BY p.effective_from, l.version)
   FROM routing.price_list l JOIN routing.price p USING (model, version) WHERE l.model = v.name), '[]'))
  WHERE v.kind = 'model';
DROP TABLE routing.price_list;

-- The file is read afresh at the next start.
INSERT INTO routing.file_entry (kind, name, digest) SELECT kind, name, '' FROM routing.deployment WHERE source = 'file';

GRANT SELECT, INSERT ON routing.route_version, routing.route_deployment, routing.audit TO waybill_router;
GRANT SELECT, INSERT, UPDATE (name, modified_at, deleted_at) ON routing.route TO waybill_router;
GRANT SELECT, INSERT, UPDATE, DELETE ON routing.file_entry TO waybill_router;
