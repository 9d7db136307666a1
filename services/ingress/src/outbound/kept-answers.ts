// Answers that are given again, for both reasons there are: the same request twice, and another one that is the same.
import type { ServiceScope } from "@waybill/service";
import type { AnswerCache, OnceOnly } from "../ports.ts";
import { makeAnswerCache } from "./answer-cache.ts";
import { KeptRequests, type KeptRequestsOptions } from "./kept-requests.ts";

/** Throws Error that says what the configuration lacks. */
export function keepAnswers(
  options: KeptRequestsOptions,
  scope: ServiceScope,
): { cache: AnswerCache; onceOnly: OnceOnly } {
  return { cache: makeAnswerCache(options, scope), onceOnly: new KeptRequests(options, scope) };
}
