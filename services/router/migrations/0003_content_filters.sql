-- Content filters are deployed as providers, models and aliases are: versions that never change, one of them live.
ALTER TABLE routing.version
  DROP CONSTRAINT version_kind_check,
  ADD CONSTRAINT version_kind_check CHECK (kind IN ('provider', 'model', 'alias', 'filter'));
