// THE STORY BESIDE: a request whose answer may be an earlier one's. Look; else wait for whoever is asking the same right now; else
// ask a provider and keep the answer. An earlier one's failure is its own: who waited for it then goes alone.
import { WaybillError } from "@waybill/domain";
import { FILTER_PLACES } from "@waybill/filters";
import type { AskedRequest } from "@waybill/surfaces";
import type { DecideRequest } from "@waybill/wire";
import { type CacheWish, cacheWish } from "./core/cache-wish.ts";
import type { CachedAnswer } from "./core/cached-answer.ts";
import type { RequestHeaders } from "./core/features.ts";
import { KeepingClient } from "./core/keeping-client.ts";
import type { KeptAnswer } from "./core/kept-answer.ts";
import { senderFact } from "./core/sender-fact.ts";
import type { AnswerCache, CacheAsked, Client, Policies, SelectFilters } from "./ports.ts";

/** A larger body is not looked for: it is hardly ever sent twice, and hashing it would hold up everybody else. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

export interface Cacheable {
  asked: CacheAsked;
  reads: boolean;
  /** Of the route that the name means here; 0: none. A router that decides by another one answers another request. */
  routeVersion: number;
}

/** Undefined: neither its route nor its headers ask for the cache. Throws WaybillError invalid_value for headers at fault. */
export function cacheable(
  { attribution, features, allowedModels }: DecideRequest,
  { model, surface, body, isDefaultLimit, maxOutputTokens }: AskedRequest,
  headers: RequestHeaders,
  forwardedHeaders: Readonly<Record<string, string>>,
  { cache, policies, selectFilters }: { cache: AnswerCache; policies: Policies; selectFilters: SelectFilters },
): Cacheable | undefined {
  const organisationId = attribution?.organisationId ?? "";
  const { meaning, version: routeVersion, cache: ofRoute, senderFacts } = policies.of(organisationId, model);
  const wish = cacheWish(ofRoute, headers);
  if (!wish || body.length > BODY_BYTES_MAX) return undefined;
  // Whatever a route may look at makes another request, as does what a key may use: an open pool depends on it.
  const { metadata = {}, routing } = features ?? {};
  // What is kept is what filters showed.
  const filters = FILTER_PLACES.map((place) => selectFilters(place, organisationId, model)?.identity ?? []);
  const parts = [
    ...[organisationId, scopeOf(wish, attribution), surface, meaning, allowedModels, filters],
    ...[Object.entries(metadata).sort(), routing ?? null, Object.entries(forwardedHeaders).sort()],
    // Another key's default makes another answer of the same body.
    ...(isDefaultLimit ? [maxOutputTokens] : []),
    ...senderFacts.map((name) => senderFact(name, features?.headers ?? {}, attribution)),
  ];
  const fingerprint = cache.fingerprint(parts, body);
  return { asked: { fingerprint, organisationId, ttlSeconds: wish.ttlSeconds }, reads: wish.reads, routeVersion };
}

/** Keys without a team are no team. */
function scopeOf({ scope }: CacheWish, attribution: DecideRequest["attribution"]): string {
  const { keyId = "", teamId = "" } = attribution ?? {};
  if (scope === "organisation") return "";
  return scope === "key" || teamId === "" ? `key ${keyId}` : `team ${teamId}`;
}

export interface CacheTurn extends Omit<Cacheable, "routeVersion"> {
  client: Client;
  cache: AnswerCache;
  requestId: string;
  /** A larger answer is not kept. */
  answerBytesMax: number;
  /** False: this caller may not have it. */
  give(answer: CachedAnswer): Promise<boolean>;
  /** Serves the request from a provider; resolves to what of its answer may be kept for others. */
  carry(client: Client, kept: () => KeptAnswer | undefined): Promise<CachedAnswer | undefined>;
}

export async function serveCached(turn: CacheTurn): Promise<void> {
  const { asked, reads, cache, client } = turn;
  const { flights } = cache;
  if (reads) {
    // Asked before looking: a call that ends meanwhile may be over for the one and not yet there for the other.
    const before = flights.join(asked.fingerprint);
    const found = await cache.find(asked);
    if (found && (await turn.give(found))) return;
    const flight = before ?? flights.join(asked.fingerprint);
    const landed = flight && (await unlessGone(flight, client));
    if (landed && (await turn.give(landed))) return;
  }
  const land = flights.begin(asked.fingerprint);
  let answer: CachedAnswer | undefined;
  try {
    answer = await carryAndKeep(turn);
  } finally {
    land(answer, answer && cache.keep(asked, answer));
  }
}

async function carryAndKeep({ client, requestId, answerBytesMax, reads, carry }: CacheTurn) {
  let whole: KeptAnswer | undefined;
  const keeping = new KeepingClient(client, {
    requestId,
    bytesMax: answerBytesMax,
    besides: { cache: reads ? "miss" : "refresh" },
    keep: async (answer) => {
      whole = answer;
    },
  });
  const answer = await carry(keeping, () => whole);
  await keeping.settled;
  return answer;
}

/** Throws WaybillError client_gone when the client leaves while it waits. */
function unlessGone<T>(flight: Promise<T>, client: Client): Promise<T> {
  return new Promise((resolve, reject) => {
    client.onGone(() => reject(new WaybillError("client_gone")));
    void flight.then(resolve);
  });
}
