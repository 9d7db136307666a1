// Lists that the API gives in pages, read as one.
import { Ending, EXIT } from "../exit-codes.ts";
import type { Api, Query } from "./client.ts";
import type { Decision, Route, VersionSummary } from "./shapes.ts";

/** The most that the API gives at once. */
const PAGE_MAX = 1_000;
/** Pages of one list; a server that never ends is not followed for ever. */
const PAGES_MAX = 10_000;

/** Every route by name. */
export function allRoutes(api: Api): Promise<Route[]> {
  return collect<Route>(Number.POSITIVE_INFINITY, async (after) => {
    const { routes, nextAfter } = await api.get<{ routes: Route[]; nextAfter: string | null }>("/routes", {
      ...(after !== undefined && { after }),
      limit: PAGE_MAX,
    });
    return { entries: routes, next: nextAfter };
  });
}

/** The newest `limit` versions. */
export function newestVersions(api: Api, routePath: string, limit: number): Promise<VersionSummary[]> {
  return collect<VersionSummary>(limit, async (before, wanted) => {
    const { versions, nextBefore } = await api.get<{ versions: VersionSummary[]; nextBefore: number | null }>(
      `${routePath}/versions`,
      { ...(before !== undefined && { before }), limit: wanted },
    );
    return { entries: versions, next: nextBefore === null ? null : String(nextBefore) };
  });
}

/** The newest `limit` entries of a list that has cursors; `field` is the name of its entries. */
export function newest<T>(api: Api, path: string, field: string, query: Query, limit: number): Promise<T[]> {
  return collect<T>(limit, async (cursor, wanted) => {
    const page = await api.get<{ nextCursor: string | null } & Record<string, T[]>>(path, {
      ...query,
      ...(cursor !== undefined && { cursor }),
      limit: wanted,
    });
    return { entries: page[field] ?? [], next: page.nextCursor };
  });
}

export function newestDecisions(api: Api, query: Query, limit: number): Promise<Decision[]> {
  return newest<Decision>(api, "/decisions", "decisions", query, limit);
}

/** Every entry of a list that goes on `after` a place; `field` is the name of its entries. */
export function allAfter<T>(api: Api, path: string, field: string, query: Query = {}): Promise<T[]> {
  return collect<T>(Number.POSITIVE_INFINITY, async (after) => {
    const page = await api.get<{ nextAfter: string | null } & Record<string, T[]>>(path, {
      ...query,
      ...(after !== undefined && { after }),
      limit: PAGE_MAX,
    });
    return { entries: page[field] ?? [], next: page.nextAfter };
  });
}

type Ask<T> = (place: string | undefined, wanted: number) => Promise<{ entries: T[]; next: string | null }>;

/** A page may be shorter than asked for; only the place of the next one says whether there is more. */
async function collect<T>(limit: number, ask: Ask<T>): Promise<T[]> {
  const found: T[] = [];
  let place: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { entries, next } = await ask(place, Math.min(PAGE_MAX, limit - found.length));
    for (const entry of entries) found.push(entry);
    if (next === null || found.length >= limit) return found.slice(0, limit);
    place = next;
  }
  throw new Ending(`the list has more than ${PAGES_MAX} pages`, EXIT.failed);
}
