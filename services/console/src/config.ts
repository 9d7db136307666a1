// Every setting of the console: unit, default, range, meaning. The only file here that reads the environment.
import { commonSettings, hostPorts, integer, secret, text } from "@waybill/service";

export const settings = {
  ...commonSettings,
  WAYBILL_HTTP_HOST: text({ meaning: "Address to serve the admin API on.", fallback: "127.0.0.1" }),
  WAYBILL_HTTP_PORT: integer({
    meaning: "Port to listen on; 0 takes a free one.",
    fallback: 8601,
    min: 0,
    max: 65_535,
  }),
  WAYBILL_ROUTER_URLS: hostPorts({ meaning: "Routers as host:port, comma separated; the first that answers is used." }),
  WAYBILL_BUDGET_URLS: hostPorts({ meaning: "Budget services as host:port, comma separated; asked for admin keys." }),
  WAYBILL_LEDGER_URLS: hostPorts({
    meaning: "Ledgers as host:port, comma separated; asked what happened to requests.",
  }),
  WAYBILL_SERVICE_TOKEN: secret({ meaning: "This service's own token for gRPC." }),
  WAYBILL_BODY_BYTES_MAX: integer({
    meaning: "Largest request body; beyond it 413.",
    fallback: 1024 * 1024,
    min: 1_024,
    max: 16 * 1024 * 1024,
  }),
  WAYBILL_IMPORT_BYTES_MAX: integer({
    meaning: "Largest body with a list of models of somebody else, or with an invoice of a provider.",
    fallback: 16 * 1024 * 1024,
    min: 1_024,
    max: 64 * 1024 * 1024,
  }),
  WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: integer({
    meaning: "A request must have arrived whole within this time.",
    fallback: 15_000,
    min: 1_000,
    max: 600_000,
  }),
  WAYBILL_OWNER_TIMEOUT_MS: integer({
    meaning: "How long router, budget service or ledger may take to answer.",
    fallback: 10_000,
    min: 100,
    max: 120_000,
  }),
  WAYBILL_ADMIN_KEY_CACHE_MS: integer({
    meaning: "An admin key is asked for again after this time, so a revocation holds at the latest then.",
    fallback: 1_000,
    min: 0,
    max: 600_000,
  }),
} as const;
