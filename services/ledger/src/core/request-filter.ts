// What a log of requests is filtered by, and in which rows its requests are looked for.

/** Every field that is set must match; empty, false and 0 are not set. */
export interface RequestFilter {
  organisationId: string;
  teamId: string;
  userId: string;
  keyId: string;
  endUserId: string;
  session: string;
  environment: string;
  /** Every one of them. */
  tags: Readonly<Record<string, string>>;
  route: string;
  routeVersion: number;
  requestedModel: string;
  provider: string;
  account: string;
  /** With `provider`: the model that answered. */
  model: string;
  outcome: string;
  errorCode: string;
  finishReason: string;
  /** What is asked of an attempt may hold for any one of a request, not for its last. */
  anyAttempt: boolean;
  /** A code, or `any`. */
  refusalCode: string;
  /** Exact USD as text; empty: any. */
  minCostUsd: string;
  unpriced: boolean;
  suspect: boolean;
  /** More than one attempt. */
  fallbacks: boolean;
  /** Answered from the cache. */
  cached: boolean;
}

/** Outcomes of attempts that are on the books, and of requests that have none. */
export const REQUEST_OUTCOMES = [
  ...(["success", "partial", "failed_free", "failed_billed", "unknown"] as const),
  ...(["refused", "pending"] as const),
];

/**
 * Rows, few among all, of which a matching request has at least one: entries that are unpriced, suspect, or of an attempt that failed
 * or was not the first; decisions that refused, or that nothing is booked of yet.
 */
export type RareRows = "unpriced" | "suspect" | "failed" | "repeated" | "refused" | "pending";

/** Undefined: only a look at every request tells. */
export function rareRowsOf(filter: RequestFilter): readonly RareRows[] | undefined {
  const { refusalCode, outcome, errorCode, unpriced, suspect, fallbacks } = filter;
  if (refusalCode !== "" || outcome === "refused") return ["refused"];
  if (outcome === "pending") return ["pending"];
  if (suspect) return ["suspect"];
  if (unpriced) return ["unpriced"];
  if (fallbacks) return ["repeated", "pending"];
  if (errorCode !== "") return ["failed", "refused"];
  if (outcome !== "" && outcome !== "success") return ["failed"];
  return undefined;
}
