// What every process is made of: configuration, logs, health, metrics, traces, start and stop.
export { commonSettings, databaseSettings, natsSettings, ownerDatabaseSettings } from "./common-settings.ts";
export {
  ConfigError,
  type ConfigOf,
  hostPorts,
  integer,
  list,
  oneOf,
  readConfig,
  Secret,
  type Setting,
  type Settings,
  secret,
  text,
  url,
} from "./config.ts";
export { type Failpoint, failpointSettings, makeFailpoint } from "./failpoint.ts";
export { Health, type ReadyCondition } from "./health.ts";
export { type Log, makeLog } from "./log.ts";
export { type Counter, DURATION_MS_BUCKETS, type Histogram, Metrics, type Reading } from "./metrics.ts";
export { NoAnswer, type PostAnswer, postVetted, type VettedPost } from "./post-vetted.ts";
export { runService, type ServiceDefinition, type ServiceScope } from "./run.ts";
export { makeUuidV7, systemClock } from "./system-clock.ts";
export { type Span, type SpanKind, startTracing, type Tracing, traceIdOf } from "./trace.ts";
export { isRefusedHost, type Resolve, vettedLookup } from "./vetted-lookup.ts";
