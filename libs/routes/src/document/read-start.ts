// Reading the start node: where the route begins, and what holds for all of it.
import { isObject } from "../json-fields.ts";
import type { NodeReader } from "./read-fields.ts";
import {
  CACHE_SCOPES,
  CACHE_TTL_SECONDS_MAX,
  type CacheScope,
  DEFAULT_CACHE_SCOPE,
  ROUTE_FILTERS_MAX,
  type RouteCache,
  type StartNode,
} from "./route-document.ts";

export function readStart(id: string, item: NodeReader): StartNode {
  const cache = readCache(item);
  const filters = readFilters(item);
  return { id, kind: "start", next: item.edge("next"), ...(cache && { cache }), ...(filters && { filters }) };
}

function readFilters(item: NodeReader): readonly string[] | undefined {
  const filters = item.value("filters");
  if (filters === undefined) return undefined;
  const isList = Array.isArray(filters) && filters.length <= ROUTE_FILTERS_MAX && filters.every(isFilterId);
  if (isList) return [...new Set(filters as string[])];
  item.report("filters", `must be a list of ids of content filters, ${ROUTE_FILTERS_MAX} at most`);
  return undefined;
}

function isFilterId(id: unknown): id is string {
  return typeof id === "string" && /^[a-z0-9][a-z0-9_-]{0,63}$/.test(id);
}

function readCache(item: NodeReader): RouteCache | undefined {
  const cache = item.value("cache");
  if (cache === undefined) return undefined;
  if (isObject(cache)) {
    const { ttlSeconds, scope = DEFAULT_CACHE_SCOPE, ...others } = cache;
    const isPlain = Object.keys(others).length === 0;
    if (isPlain && isLifetime(ttlSeconds) && isScope(scope)) return { ttlSeconds, scope };
  }
  const scopes = CACHE_SCOPES.join(", ");
  item.report(
    "cache",
    `must be like {"ttlSeconds": 300, "scope": "team"}: 1 to ${CACHE_TTL_SECONDS_MAX} seconds, and one of ${scopes}`,
  );
  return undefined;
}

function isLifetime(seconds: unknown): seconds is number {
  return Number.isInteger(seconds) && (seconds as number) >= 1 && (seconds as number) <= CACHE_TTL_SECONDS_MAX;
}

function isScope(scope: unknown): scope is CacheScope {
  return CACHE_SCOPES.some((known) => known === scope);
}
