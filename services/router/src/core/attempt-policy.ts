// What a node allows its attempts: retries at the same model, timeouts, and which failures lead to the next model.
import type { ErrorCode } from "@waybill/domain";
import { type AttemptPolicy, DEFAULT_FALLBACK_ON, type FailureClass, RETRY_DELAY_MS_MAX } from "@waybill/routes";

/** Of a model that was asked for by its name. */
export const DIRECT_POLICY: AttemptPolicy = {
  retries: 0,
  retryDelayMs: 0,
  backoff: "exponential",
  timeouts: {},
  fallbackOn: DEFAULT_FALLBACK_ON,
};

/** Failures in which the model itself had no part: it may be tried once more, by another worker, whatever the node says. */
const NOT_THE_MODELS: ReadonlySet<string> = new Set<ErrorCode>(["worker_lost", "not_sent"]);
const OWN_TRIES_MAX = 2;
/** Attempts at one model over several accounts of its provider, in one request. */
const ACCOUNT_TRIES_MAX = 4;
/** The least pause after a refusal for its rate that says nothing of when to come again; doubled each time. */
const RATE_LIMITED_DELAY_MS = 500;

const CLASSES: Partial<Record<ErrorCode, FailureClass>> = {
  upstream_error: "error",
  upstream_auth: "error",
  upstream_unreachable: "error",
  upstream_truncated: "error",
  upstream_malformed: "error",
  upstream_timeout: "timeout",
  upstream_rate_limited: "rate_limited",
  context_length_exceeded: "context_too_long",
  content_filter: "content_filter",
};
/** The same model would answer the same again, or nothing for as long again. */
const USELESS_AGAIN: ReadonlySet<string> = new Set<ErrorCode>([
  "upstream_auth",
  "upstream_timeout",
  "context_length_exceeded",
  "content_filter",
]);
/** Ours, not the provider's: every policy falls back on them. */
const ALWAYS_NEXT: ReadonlySet<string> = new Set<ErrorCode>([
  "worker_lost",
  "not_sent",
  "no_workers",
  "surface_unsupported",
  "not_translatable",
]);

/** May the same model be tried again, after `tries` attempts at it? */
export function mayRetry(policy: AttemptPolicy, failureCode: string, tries: number): boolean {
  if (NOT_THE_MODELS.has(failureCode)) return tries < Math.max(OWN_TRIES_MAX, policy.retries + 1);
  return failureCode in CLASSES && !USELESS_AGAIN.has(failureCode) && tries <= policy.retries;
}

/**
 * May the same model be tried again at once, because another account of its provider is free? Whatever the node's retries are: to
 * the model nothing has happened. Bounded, so that a provider with many accounts leaves attempts for the models behind it.
 */
export function mayAskOtherAccount(otherAccount: boolean, tries: number): boolean {
  return otherAccount && tries < ACCOUNT_TRIES_MAX;
}

/** May another model be tried after this failure? */
export function mayFallBack(policy: AttemptPolicy, failureCode: string): boolean {
  if (ALWAYS_NEXT.has(failureCode)) return true;
  const failure = CLASSES[failureCode as ErrorCode];
  return failure !== undefined && policy.fallbackOn.includes(failure);
}

/** What its provider asks for is waited for at most as long as any pause; who asks for more is not asked again. */
export function mayAwait(retryAfterMs: number): boolean {
  return retryAfterMs <= RETRY_DELAY_MS_MAX;
}

/** How long to wait before attempt `tries + 1` at the same model; not at all where another account is asked. */
export function retryDelayMs(policy: AttemptPolicy, tries: number, failed: Refused): number {
  const { failureCode, retryAfterMs } = failed;
  if (mayAskOtherAccount(failed.otherAccount ?? false, tries)) return 0;
  const { retryDelayMs: base, backoff } = policy;
  const factor = backoff === "constant" ? 1 : backoff === "linear" ? tries : 2 ** (tries - 1);
  const least = failureCode === "upstream_rate_limited" ? RATE_LIMITED_DELAY_MS * 2 ** (tries - 1) : 0;
  return Math.min(RETRY_DELAY_MS_MAX, Math.max(base * factor, least, retryAfterMs));
}

interface Refused {
  failureCode: string;
  retryAfterMs: number;
  otherAccount?: boolean;
}
