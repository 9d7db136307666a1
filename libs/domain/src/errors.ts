// THE error catalogue: every code a client, a service or a record can carry. docs/errors.md is checked against it.

/** May the same request be tried again, and where? `never`, at the `same` model, or at the `next` one. */
export type Retry = "never" | "same" | "next";

export interface ErrorEntry {
  httpStatus: number;
  /** gRPC status code number (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
  grpcStatus: number;
  /** `error.type` in OpenAI's error shape. */
  type: string;
  retry: Retry;
  /** Safe for clients: no internals, no names of other tenants. */
  sentence: string;
}

const entry = (httpStatus: number, grpcStatus: number, type: string, retry: Retry, sentence: string): ErrorEntry => ({
  httpStatus,
  grpcStatus,
  type,
  retry,
  sentence,
});

export const ERRORS = {
  // The request itself.
  invalid_json: entry(400, 3, "invalid_request_error", "never", "The request body is not valid JSON."),
  invalid_value: entry(400, 3, "invalid_request_error", "never", "A field of the request has an invalid value."),
  context_length_exceeded: entry(
    400,
    3,
    "invalid_request_error",
    "next",
    "The input is longer than the model's context window.",
  ),
  content_filter: entry(400, 3, "invalid_request_error", "never", "The provider's content filter refused the request."),
  content_filtered: entry(400, 3, "invalid_request_error", "never", "A content filter of this gateway blocked it."),
  upstream_rejected: entry(400, 3, "invalid_request_error", "never", "The provider refused the request as invalid."),
  surface_unsupported: entry(400, 3, "invalid_request_error", "next", "The model cannot be asked by this path."),
  not_translatable: entry(
    400,
    3,
    "invalid_request_error",
    "next",
    "The request asks for something that the model's provider has no place for.",
  ),
  invalid_api_key: entry(
    401,
    16,
    "authentication_error",
    "never",
    "The API key is missing, unknown, expired or revoked.",
  ),
  budget_exceeded: entry(402, 8, "insufficient_quota", "never", "The budget is used up."),
  model_not_allowed: entry(403, 7, "permission_error", "never", "This API key may not use that model."),
  route_not_allowed: entry(403, 7, "permission_error", "never", "This API key may not use that route."),
  surface_not_allowed: entry(403, 7, "permission_error", "never", "This API key may not be used on this path."),
  permission_denied: entry(403, 7, "permission_error", "never", "This key may not do that."),
  price_unknown: entry(403, 9, "permission_error", "next", "The model has no known price and a hard budget applies."),
  hold_unbounded: entry(
    403,
    9,
    "permission_error",
    "never",
    "The cost of this request cannot be bounded and a hard budget applies.",
  ),
  route_without_model: entry(403, 9, "permission_error", "never", "The route leads to no model for this request."),
  model_not_found: entry(404, 5, "invalid_request_error", "never", "The model or route does not exist."),
  not_found: entry(404, 5, "invalid_request_error", "never", "There is nothing at this path."),
  responses_not_kept: entry(
    404,
    5,
    "invalid_request_error",
    "never",
    "The gateway keeps no responses: send the whole conversation as input.",
  ),
  method_not_allowed: entry(405, 12, "invalid_request_error", "never", "This path does not take that method."),
  request_timeout: entry(408, 4, "timeout_error", "never", "The request did not arrive in time."),
  already_exists: entry(409, 6, "invalid_request_error", "never", "There is already something of that name."),
  in_use: entry(409, 9, "invalid_request_error", "never", "Something still needs it."),
  version_conflict: entry(409, 10, "invalid_request_error", "never", "Somebody else has changed it in the meantime."),
  idempotency_in_progress: entry(
    409,
    10,
    "conflict_error",
    "same",
    "A request with this Idempotency-Key is still being served; its answer will be given to whoever asks again.",
  ),
  idempotency_key_reused: entry(
    422,
    9,
    "invalid_request_error",
    "never",
    "This Idempotency-Key was used for another request.",
  ),
  body_too_large: entry(413, 8, "invalid_request_error", "never", "The request body is too large."),
  unsupported_media_type: entry(415, 3, "invalid_request_error", "never", "The request body must be application/json."),
  headers_too_large: entry(431, 8, "invalid_request_error", "never", "The request headers are too large."),
  rate_limit_exceeded: entry(429, 8, "rate_limit_error", "never", "A rate limit has no room at the moment."),
  limit_exceeded: entry(429, 8, "rate_limit_error", "never", "A limit of the route is used up for now."),
  // The provider.
  upstream_rate_limited: entry(429, 8, "rate_limit_error", "next", "The provider is rate limiting."),
  upstream_error: entry(502, 14, "upstream_error", "next", "The provider failed."),
  upstream_auth: entry(502, 14, "upstream_error", "next", "The provider refused the gateway's credentials."),
  upstream_unreachable: entry(502, 14, "upstream_error", "next", "The provider could not be reached."),
  upstream_truncated: entry(502, 14, "upstream_error", "next", "The provider ended its answer before it was complete."),
  upstream_malformed: entry(502, 14, "upstream_error", "next", "The provider's answer could not be read."),
  upstream_timeout: entry(504, 4, "timeout_error", "next", "The provider did not answer in time."),
  // Waybill itself.
  internal_error: entry(500, 13, "server_error", "never", "Something went wrong in the gateway."),
  stream_gap: entry(502, 15, "server_error", "never", "Part of the answer was lost on its way; it is incomplete."),
  worker_lost: entry(502, 14, "server_error", "next", "The worker that carried the request was lost."),
  draining: entry(503, 14, "service_unavailable", "same", "The gateway is shutting down; try again."),
  no_workers: entry(503, 14, "service_unavailable", "next", "No worker serves this model at the moment."),
  overloaded: entry(503, 14, "service_unavailable", "same", "The gateway has no room for this request at the moment."),
  router_unavailable: entry(503, 14, "service_unavailable", "same", "No router can be reached at the moment."),
  bus_unavailable: entry(503, 14, "service_unavailable", "same", "The message bus cannot be reached at the moment."),
  usage_unavailable: entry(503, 14, "service_unavailable", "same", "Usage cannot be recorded at the moment."),
  accounts_unavailable: entry(503, 14, "service_unavailable", "same", "API keys cannot be checked at the moment."),
  routes_unavailable: entry(
    503,
    14,
    "service_unavailable",
    "same",
    "Routes and models cannot be read or changed at the moment.",
  ),
  budget_unavailable: entry(503, 14, "service_unavailable", "same", "Budgets cannot be checked at the moment."),
  gateway_timeout: entry(504, 4, "timeout_error", "same", "The request could not be finished in time."),
  // Never shown to a client that is still there; they explain records.
  client_gone: entry(499, 1, "client_closed_request", "never", "The client closed the connection."),
  slow_reader: entry(499, 1, "client_closed_request", "never", "The client read too slowly."),
  not_sent: entry(
    503,
    10,
    "service_unavailable",
    "next",
    "The request was given up before it was sent to the provider.",
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** True when the text is a code of the catalogue; codes arrive as text from the wire. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
