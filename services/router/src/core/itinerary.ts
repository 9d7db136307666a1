// The stops of one request in the order in which they may be tried, and how far it has come. It travels with the request as an
// opaque token, so that any replica answers Next, and a route that changes meanwhile changes nothing for a request that has begun.
import type { AttemptPolicy } from "@waybill/routes";
import { mayAskOtherAccount, mayAwait, mayFallBack, mayRetry } from "./attempt-policy.ts";
import type { AutoChoice } from "./route/compiled-route.ts";
import type { LimitUse } from "./route/walk.ts";

interface ItemBase {
  /** The route's node; empty: the model was asked for by its name. */
  node: string;
  path: readonly string[];
  policy: AttemptPolicy;
  limits: readonly LimitUse[];
  /** Limit nodes that must have been found exceeded. */
  onlyAfter: readonly string[];
}

export interface ModelItem extends ItemBase {
  kind: "model";
  /** <provider>/<model> */
  id: string;
  /** Attempts made so far. */
  tries: number;
  /** What an `auto` node has ranked it by. */
  scores?: Scores;
}

/** Not ranked yet: that is done when its turn comes. */
export interface AutoItem extends ItemBase {
  kind: "auto";
  auto: AutoChoice;
}

export type Item = ModelItem | AutoItem;

interface Scores {
  quality: number;
  costPicoUsd: number;
  inBand: boolean;
}

export interface Itinerary {
  /** Empty: a model was asked for by its name. */
  route: string;
  routeVersion: number;
  routeOrganisationId: string;
  items: readonly Item[];
  /** Index of the item of the last attempt; -1: none yet. */
  at: number;
  /** Limit nodes that were found exceeded. */
  exceeded: readonly string[];
}

/** Of a request that came to no stop at all. */
export const NOWHERE: Itinerary = {
  route: "",
  routeVersion: 0,
  routeOrganisationId: "",
  items: [],
  at: -1,
  exceeded: [],
};

export interface FailedAttempt {
  failedAttempt: number;
  failureCode: string;
  /** What its provider asked for; 0: nothing. */
  retryAfterMs: number;
  /** It was one account's failure, it cost nothing, and another account of the same model is free. Absent: no. */
  otherAccount?: boolean;
}

/** Attempts of one request in all. */
export const ATTEMPTS_MAX = 16;

/** Where to go on after a failure, and whether the same item comes first. Undefined: the failure is final. */
export function afterFailure(
  { items, at }: Itinerary,
  { failedAttempt, failureCode, retryAfterMs, otherAccount = false }: FailedAttempt,
): { from: number; retry: ModelItem | undefined } | undefined {
  const failed = items[at];
  if (failedAttempt >= ATTEMPTS_MAX || failed?.kind !== "model") return undefined;
  const isWorthRetry = mayRetry(failed.policy, failureCode, failed.tries) && mayAwait(retryAfterMs);
  const retry = isWorthRetry || mayAskOtherAccount(otherAccount, failed.tries) ? failed : undefined;
  const from = mayFallBack(failed.policy, failureCode) ? at + 1 : items.length;
  if (!retry && from >= items.length) return undefined;
  return { from, retry };
}

/** True when this item's turn has come, as far as limits say. */
export function isOpen({ limits, onlyAfter }: Item, exceeded: ReadonlySet<string>): boolean {
  return onlyAfter.every((node) => exceeded.has(node)) && !limits.some(({ node }) => exceeded.has(node));
}
