// Which failures of an attempt are worth asking a router about: it knows the node's own policy, and may still say no.
import type { ErrorCode } from "@waybill/domain";

/** Everything else is final: the request itself is at fault, the gateway has no room, or part of the answer is lost. */
const ASK_NEXT: ReadonlySet<ErrorCode> = new Set([
  "upstream_error",
  "upstream_auth",
  "upstream_unreachable",
  "upstream_truncated",
  "upstream_malformed",
  "upstream_timeout",
  "upstream_rate_limited",
  "context_length_exceeded",
  // Another model may have another filter; a route has to allow it.
  "content_filter",
  "surface_unsupported",
  "not_translatable",
  "worker_lost",
  "no_workers",
  "not_sent",
  "price_unknown",
]);

export function mayHaveNext(code: ErrorCode): boolean {
  return ASK_NEXT.has(code);
}
