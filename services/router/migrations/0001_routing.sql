-- What can be routed to, and how: providers, models, prices, aliases and routes. Every change is a new version row; versions are
-- never changed. routing.deployment says which version is live.
CREATE SCHEMA routing;

CREATE TABLE routing.version (
  kind       text NOT NULL CHECK (kind IN ('provider', 'model', 'alias', 'route')),
  name       text NOT NULL,
  version    int  NOT NULL CHECK (version > 0),
  -- The whole thing as it was said: provider, model without prices, alias target, or route graph.
  document   jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  PRIMARY KEY (kind, name, version)
);

CREATE TABLE routing.deployment (
  kind        text NOT NULL,
  name        text NOT NULL,
  version     int  NOT NULL,
  -- file: by waybill.yaml, and gone when the file no longer names it; seed, api: until somebody takes it away.
  source      text NOT NULL CHECK (source IN ('file', 'seed', 'api')),
  deployed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name),
  FOREIGN KEY (kind, name, version) REFERENCES routing.version (kind, name, version)
);

-- Prices with effective dates. The entry in force is the latest that has begun; an entry never changes. Rates are pico-USD per
-- token, which is the same number as micro-USD per million tokens.
CREATE TABLE routing.price (
  model             text NOT NULL,
  version           text NOT NULL,
  effective_from    timestamptz NOT NULL,
  tiers             jsonb NOT NULL,
  per_request_pico_usd numeric(30, 0) NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, version)
);

-- Which price entries a model has now; the others are history.
CREATE TABLE routing.price_list (
  model   text NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (model, version),
  FOREIGN KEY (model, version) REFERENCES routing.price (model, version)
);

GRANT USAGE ON SCHEMA routing TO waybill_router;
GRANT SELECT, INSERT ON routing.version, routing.price TO waybill_router;
GRANT SELECT, INSERT, UPDATE, DELETE ON routing.deployment, routing.price_list TO waybill_router;
