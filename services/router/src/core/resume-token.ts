// An itinerary as the opaque token that travels with a request. Policies and limits, which many items share, stand once.
import {
  type AttemptPolicy,
  BACKOFFS,
  type CommitAfter,
  FAILURE_CLASSES,
  type FailureClass,
  type LimitNode,
  type NodeTimeouts,
} from "@waybill/routes";
import type { Item, Itinerary, ModelItem } from "./itinerary.ts";
import type { AutoChoice } from "./route/compiled-route.ts";
import type { LimitUse } from "./route/walk.ts";

/** Larger ones are not read; what is written stays far below, because STOPS_MAX and RANKED_MAX bound the items. */
const TOKEN_BYTES_MAX = 128 * 1024;
const FORMAT = 2;

type PolicyCode = [
  retries: number,
  delayMs: number,
  backoff: number,
  fallbackOn: number,
  timeouts: NodeTimeouts,
  commitAfter?: CommitAfter,
];
type WholeItem = [
  what: string | AutoChoice,
  tries: number,
  node: string,
  path: readonly string[],
  policy: number,
  limits: number[],
  onlyAfter: readonly string[],
];
/** As the item before it, but for these two: what an `auto` node ranked comes in rows. */
type NextOfNode = [id: string, tries: number];
type ItemCode = WholeItem | NextOfNode;
type Token = [
  format: number,
  route: string,
  version: number,
  organisation: string,
  at: number,
  exceeded: readonly string[],
  policies: PolicyCode[],
  limits: LimitUse[],
  items: ItemCode[],
];

export function encodeItinerary(itinerary: Itinerary): string {
  const policies = new Map<AttemptPolicy, number>();
  const limits = new Map<LimitUse, number>();
  let before: Item | undefined;
  const items = itinerary.items.map((item): ItemCode => {
    const isNext = before?.path === item.path && before.policy === item.policy && before.limits === item.limits;
    before = item;
    if (isNext && item.kind === "model") return [item.id, item.tries];
    const [what, tries] = item.kind === "model" ? [item.id, item.tries] : [item.auto, 0];
    const used = item.limits.map((limit) => place(limits, limit));
    return [what, tries, item.node, item.path, place(policies, item.policy), used, item.onlyAfter];
  });
  const token: Token = [
    FORMAT,
    itinerary.route,
    itinerary.routeVersion,
    itinerary.routeOrganisationId,
    itinerary.at,
    itinerary.exceeded,
    [...policies.keys()].map(encodePolicy),
    [...limits.keys()],
    items,
  ];
  return JSON.stringify(token);
}

function place<T>(known: Map<T, number>, value: T): number {
  const index = known.get(value) ?? known.size;
  if (index === known.size) known.set(value, index);
  return index;
}

function encodePolicy(policy: AttemptPolicy): PolicyCode {
  const { retries, retryDelayMs, backoff, fallbackOn, timeouts, commitAfter } = policy;
  let bits = 0;
  for (const failure of fallbackOn) bits |= 1 << FAILURE_CLASSES.indexOf(failure);
  const code: PolicyCode = [retries, retryDelayMs, BACKOFFS.indexOf(backoff), bits, timeouts];
  if (commitAfter) code.push(commitAfter);
  return code;
}

function decodePolicy([retries, retryDelayMs, backoff, bits, timeouts, commitAfter]: PolicyCode): AttemptPolicy {
  const fallbackOn: FailureClass[] = FAILURE_CLASSES.filter((_, index) => (bits & (1 << index)) !== 0);
  const policy = { retries, retryDelayMs, backoff: BACKOFFS[backoff] ?? "exponential", fallbackOn, timeouts };
  return commitAfter ? { ...policy, commitAfter } : policy;
}

/**
 * Undefined for anything but a token of this format. A token comes back over an authenticated stream from an ingress that had
 * it from a router, so its inside is trusted once its outline is right.
 */
export function decodeItinerary(token: string): Itinerary | undefined {
  if (token.length > TOKEN_BYTES_MAX) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(token);
  } catch {
    return undefined;
  }
  if (!isToken(parsed)) return undefined;
  const [, route, routeVersion, routeOrganisationId, at, exceeded, policyCodes, limits, items] = parsed;
  const policies = policyCodes.map(decodePolicy);
  const decoded: Item[] = [];
  let base: Omit<ModelItem, "kind" | "id" | "tries"> | undefined;
  for (const item of items) {
    const [what, tries] = item;
    if (item.length === 7) {
      const [, , node, path, policyIndex, limitIndexes, onlyAfter] = item;
      const policy = policies[policyIndex];
      if (!policy) return undefined;
      base = { node, path, policy, onlyAfter, limits: limitIndexes.flatMap((index) => limits[index] ?? []) };
    }
    if (!base) return undefined;
    decoded.push(
      typeof what === "string"
        ? ({ kind: "model", id: what, tries, ...base } satisfies ModelItem)
        : { kind: "auto", auto: what, ...base },
    );
  }
  return { route, routeVersion, routeOrganisationId, items: decoded, at, exceeded };
}

function isToken(value: unknown): value is Token {
  if (!Array.isArray(value) || value.length !== 9) return false;
  const [format, route, version, organisation, at, exceeded, policies, limits, items] = value as unknown[];
  return (
    format === FORMAT &&
    typeof route === "string" &&
    typeof version === "number" &&
    typeof organisation === "string" &&
    typeof at === "number" &&
    [exceeded, policies, limits, items].every(Array.isArray) &&
    (policies as unknown[]).every((policy) => Array.isArray(policy) && (policy.length === 5 || policy.length === 6)) &&
    (limits as unknown[]).every(isLimitUse) &&
    (items as unknown[]).every(isItemCode)
  );
}

function isLimitUse(value: unknown): value is LimitUse {
  const use = value as { node?: unknown; keyValue?: unknown; limit?: Partial<LimitNode> } | null;
  return typeof use?.node === "string" && typeof use.keyValue === "string" && typeof use.limit?.amount === "string";
}

function isItemCode(value: unknown): value is ItemCode {
  if (!Array.isArray(value)) return false;
  if (value.length === 2) return typeof value[0] === "string" && typeof value[1] === "number";
  if (value.length !== 7) return false;
  const [what, tries, node, path, policy, limits, onlyAfter] = value as unknown[];
  return (
    (typeof what === "string" || (typeof what === "object" && what !== null)) &&
    typeof tries === "number" &&
    typeof node === "string" &&
    typeof policy === "number" &&
    [path, limits, onlyAfter].every(Array.isArray)
  );
}
