// The headers that tell how an answer, or a failure after a decision, came about. They are the only place that does: where
// Azure's Model Router would add `model_selection_details` to the body, the provider's bytes pass through untouched.
import type { IncomingHttpHeaders } from "node:http";
import type { AnswerHead } from "../ports.ts";

const VALUE_CHARACTERS_MAX = 512;
const CLOUDFLARE_PREFIX = "cf-aig-";

/** `requestHeaders` tell whose words the client understands besides ours. */
export function answerHeaders(head: AnswerHead, requestHeaders: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {
    "x-waybill-provider": head.provider,
    "x-waybill-model": head.model,
    "x-waybill-attempts": String(head.attempts),
    "x-waybill-simulated": String(head.simulated),
  };
  if (head.route !== "") headers["x-waybill-route"] = head.route;
  if (head.path !== "") headers["x-waybill-path"] = headerText(head.path);
  if (head.reason !== "") headers["x-waybill-reason"] = headerText(head.reason);
  if (head.mode !== "") headers["x-waybill-mode"] = head.mode;
  if (head.sessionAffinity !== "") headers["x-waybill-session-affinity"] = head.sessionAffinity;
  if (head.budgetRemainingUsd !== "") headers["x-waybill-budget-remaining-usd"] = head.budgetRemainingUsd;
  if (head.clamped) headers["x-waybill-max-output-tokens"] = String(head.maxOutputTokens);
  if (head.maxOutputTokensDefault !== undefined) {
    headers["x-waybill-default-max-output-tokens"] = String(head.maxOutputTokensDefault);
  }
  if (head.filters !== undefined) headers["x-waybill-filters"] = headerText(head.filters);
  if (head.isReplayed) headers["idempotent-replayed"] = "true";
  // An answer that an older version kept has no word on it.
  if (head.cache) Object.assign(headers, cacheHeaders(head));
  if (head.droppedFields.length > 0) headers["x-waybill-dropped"] = headerText(head.droppedFields.join(","));
  if (head.route !== "" && isCloudflareClient(requestHeaders)) {
    headers["cf-aig-provider"] = head.provider;
    headers["cf-aig-model"] = head.model;
    headers["cf-aig-step"] = String(Math.max(0, head.attempts - 1));
  }
  if (head.cache && isCloudflareClient(requestHeaders)) {
    headers["cf-aig-cache-status"] = head.cache === "hit" ? "HIT" : "MISS";
  }
  return headers;
}

/** Of a failed attempt: it has no budget left to speak of, since its hold is on its way back. */
export function failureHeaders(head: AnswerHead, requestHeaders: IncomingHttpHeaders): Record<string, string> {
  return answerHeaders({ ...head, budgetRemainingUsd: "", clamped: false }, requestHeaders);
}

function cacheHeaders({ cache, cacheAgeSeconds, savedUsd }: AnswerHead): Record<string, string> {
  if (cache !== "hit") return { "x-waybill-cache": cache };
  const hit = { "x-waybill-cache": cache, age: String(cacheAgeSeconds) };
  return savedUsd === "" ? hit : { ...hit, "x-waybill-saved-usd": savedUsd };
}

function isCloudflareClient(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => name.startsWith(CLOUDFLARE_PREFIX));
}

/** Header values are Latin-1 without control characters; reasons are our own text but may quote a model's name. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, VALUE_CHARACTERS_MAX);
}
