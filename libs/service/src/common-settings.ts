// Settings that every service has. Each service's config.ts spreads them into its own.
import { dashedName, integer, oneOf, secret, secretUrl, text, url } from "./config.ts";

export const commonSettings = {
  WAYBILL_SERVICE_ID: dashedName({
    meaning: "Name of this process on the bus and in logs. Empty: made up at start.",
    fallback: "",
  }),
  WAYBILL_HEALTH_PORT: integer({
    meaning: "Port of /livez, /readyz and /metrics on loopback; 0 takes a free one.",
    fallback: 0,
    min: 0,
    max: 65_535,
  }),
  WAYBILL_LOG_LEVEL: oneOf(["debug", "info", "warn", "error", "silent"], {
    meaning: "Least severe log line that is written.",
    fallback: "info",
  }),
  WAYBILL_DRAIN_LIMIT_MS: integer({
    meaning: "How long a stopping service may finish what it has begun.",
    fallback: 120_000,
    min: 0,
    max: 3_600_000,
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url({
    schemes: ["http", "https"],
    meaning: "Where traces are sent (OTLP over HTTP). Empty: nowhere.",
    fallback: "",
  }),
  WAYBILL_TRACE_SAMPLE_PERCENT: integer({
    meaning: "Share of requests without a trace context of their own that are traced.",
    fallback: 10,
    min: 0,
    max: 100,
  }),
} as const;

export const natsSettings = {
  NATS_URL: url({ meaning: "Address of NATS, e.g. nats://127.0.0.1:4222.", schemes: ["nats", "tls"] }),
  NATS_USER: text({ meaning: "This service's NATS user." }),
  NATS_PASSWORD: secret({ meaning: "This service's NATS password." }),
} as const;

/** For --migrate: the database as its owner sees it. */
export const ownerDatabaseSettings = {
  DATABASE_URL: secretUrl({
    meaning: "Postgres, with the owner's role: it makes schemas.",
    schemes: ["postgres", "postgresql"],
  }),
} as const;

export const databaseSettings = {
  DATABASE_URL: secretUrl({
    meaning: "Postgres, with this service's own role.",
    schemes: ["postgres", "postgresql"],
  }),
} as const;
