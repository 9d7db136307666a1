// Every setting of the ingress: unit, default, range, meaning. The only file here that reads the environment.
import { commonSettings, hostPorts, integer, list, natsSettings, oneOf, secret, text } from "@waybill/service";

export const settings = {
  ...commonSettings,
  ...natsSettings,
  WAYBILL_HTTP_HOST: text({ meaning: "Address to listen on.", fallback: "127.0.0.1" }),
  WAYBILL_HTTP_PORT: integer({
    meaning: "Port to listen on; 0 takes a free one.",
    fallback: 8600,
    min: 0,
    max: 65_535,
  }),
  WAYBILL_ROUTER_URLS: hostPorts({ meaning: "Routers as host:port, comma separated; the first that answers is used." }),
  WAYBILL_BUDGET_URLS: hostPorts({ meaning: "Budget services as host:port, comma separated; asked for keys." }),
  WAYBILL_SERVICE_TOKEN: secret({ meaning: "This service's own token for gRPC." }),
  WAYBILL_BODY_BYTES_MAX: integer({
    meaning: "Largest request body; beyond it 413.",
    fallback: 32 * 1024 * 1024,
    min: 1_024,
    max: 256 * 1024 * 1024,
  }),
  WAYBILL_OPEN_BODIES_BYTES_MAX: integer({
    meaning: "All request bodies in memory together; beyond it 503 overloaded.",
    fallback: 1024 * 1024 * 1024,
    min: 1_048_576,
    max: 16 * 1024 * 1024 * 1024,
  }),
  WAYBILL_OPEN_REQUESTS_MAX: integer({
    meaning: "Requests served at the same time; beyond it 503 overloaded.",
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  WAYBILL_ANSWER_BYTES_MAX: integer({
    meaning: "Largest answer that is collected before it is sent (not streamed).",
    fallback: 64 * 1024 * 1024,
    min: 1_024,
    max: 1024 * 1024 * 1024,
  }),
  WAYBILL_STREAM_BUFFER_BYTES_MAX: integer({
    meaning: "What may wait for a slow reader of a stream before it is cut.",
    fallback: 4 * 1024 * 1024,
    min: 65_536,
    max: 256 * 1024 * 1024,
  }),
  WAYBILL_ALL_BUFFERS_BYTES_MAX: integer({
    meaning: "What may wait for all slow readers together; beyond it the one with most waiting is cut.",
    fallback: 256 * 1024 * 1024,
    min: 1024 * 1024,
    max: 16 * 1024 * 1024 * 1024,
  }),
  WAYBILL_HEARTBEAT_MS: integer({
    meaning: "Silence in a stream that has begun after which its client is sent a sign of life; 0: never.",
    fallback: 15_000,
    min: 0,
    max: 600_000,
  }),
  WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: integer({
    meaning: "A request must have arrived whole within this time.",
    fallback: 60_000,
    min: 1_000,
    max: 3_600_000,
  }),
  WAYBILL_DECIDE_TIMEOUT_MS: integer({
    meaning: "How long a router may take to decide.",
    fallback: 5_000,
    min: 50,
    max: 60_000,
  }),
  WAYBILL_CLAIM_TIMEOUT_MS: integer({
    meaning: "A waybill that no worker has claimed in this time is given up.",
    fallback: 15_000,
    min: 100,
    max: 600_000,
  }),
  WAYBILL_WORKER_SILENT_MS: integer({
    meaning: "A worker that has not been heard for this long is gone.",
    fallback: 5_000,
    min: 500,
    max: 60_000,
  }),
  WAYBILL_KEY_CACHE_MS: integer({
    meaning: "A key's account is asked for again after this time; revocations do not wait for it.",
    fallback: 60_000,
    min: 1_000,
    max: 3_600_000,
  }),
  WAYBILL_OIDC_ISSUER: text({
    meaning: "Issuer of tokens (JWT) that are taken besides virtual keys, as in their iss; empty: none is taken.",
    fallback: "",
  }),
  WAYBILL_OIDC_AUDIENCE: text({ meaning: "What the aud of a token must name. Needed with an issuer.", fallback: "" }),
  WAYBILL_OIDC_JWKS_URL: text({
    meaning: "Where the issuer's keys are; empty: it is asked at <issuer>/.well-known/openid-configuration.",
    fallback: "",
  }),
  WAYBILL_OIDC_PLAIN_HTTP: oneOf(["refused", "allowed"], {
    meaning:
      "Whether issuer and keys may be asked by http:// on another host than this one: whoever can change what comes can sign tokens for anybody.",
    fallback: "refused",
  }),
  WAYBILL_OIDC_CLAIMS: list({
    meaning:
      "Which claim says what, as name=claim; a claim's path has dots, a fixed value stands in single quotes. Names: organisation, team, user, models, tag.<name>.",
    fallback: "organisation=organisation,team=team,user=sub",
  }),
  WAYBILL_FILTER_WEBHOOK_SECRET: secret({
    meaning: "Signs what is asked of webhooks of content filters (x-waybill-signature); empty: it is not signed.",
    fallback: "",
  }),
  WAYBILL_ANSWERS_STORAGE: oneOf(["memory", "file"], {
    meaning: "Where NATS keeps answers that are given again. On a disk they are sealed.",
    fallback: "memory",
  }),
  WAYBILL_ANSWERS_KEY: secret({
    meaning:
      "32 bytes in base64 that answers on a disk are sealed with; the same for all ingresses. For WAYBILL_ANSWERS_STORAGE=file.",
    fallback: "",
  }),
  WAYBILL_KEPT_ANSWER_BYTES_MAX: integer({
    meaning: "A larger answer is not kept: asking again asks a provider again.",
    fallback: 8 * 1024 * 1024,
    min: 1_024,
    max: 64 * 1024 * 1024,
  }),
} as const;
