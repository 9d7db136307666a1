// Answers for whoever asks the same, in object buckets that all ingresses share. Without them a request is merely served anew.
import { createHash } from "node:crypto";
import { type NatsConnection, openPassingObjects, type PassingObjects, type Storage } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import { OBJECT_BUCKETS } from "@waybill/wire";
import { type CachedAnswer, decodeCached, encodeCached, isFresh } from "../core/cached-answer.ts";
import { Flights } from "../core/flights.ts";
import type { AnswerCache, CacheAsked } from "../ports.ts";
import { KeptStores, type KeptStoresOptions } from "./kept-stores.ts";
import { type AnswerStoreConfig, answerStore } from "./seal.ts";

export interface AnswerCacheOptions extends Pick<KeptStoresOptions, "control" | "isConnected"> {
  config: AnswerStoreConfig;
  clock: Clock;
}

/** From the shortest age to the longest. */
const BUCKETS = [OBJECT_BUCKETS.cachedFiveMinutes, OBJECT_BUCKETS.cachedHour, OBJECT_BUCKETS.cachedDay];

/** Throws Error that says what the configuration lacks. */
export function makeAnswerCache(
  { control, isConnected, config, clock }: AnswerCacheOptions,
  { log, metrics }: ServiceScope,
): AnswerCache {
  const { storage, seal } = answerStore(config);
  const stores = BUCKETS.map((bucket) => {
    const open = (nc: NatsConnection, where: Storage): Promise<PassingObjects> => openPassingObjects(nc, bucket, where);
    return { bucket, store: new KeptStores({ control, isConnected, storage }, open) };
  });
  const found = metrics.counter("waybill_ingress_cache_total", "Looks at answers for others, by result");
  const kept = metrics.counter("waybill_ingress_cache_kept_total", "Answers kept for others");
  const unkept = metrics.counter("waybill_ingress_cache_unkept_total", "Answers for others that could not be kept");
  const storeFor = (ttlSeconds: number): KeptStores<PassingObjects> | undefined =>
    stores.find(({ bucket }) => ttlSeconds * 1_000 <= bucket.maxAgeMs)?.store;

  async function look({ fingerprint, organisationId, ttlSeconds }: CacheAsked): Promise<CachedAnswer | undefined> {
    const sealed = await storeFor(ttlSeconds)?.use((objects) => objects.get(fingerprint));
    const bytes = sealed && seal.open(organisationId, sealed);
    const answer = bytes && decodeCached(bytes);
    return answer && isFresh(answer, ttlSeconds, clock.unixMs()) ? answer : undefined;
  }

  return {
    flights: new Flights(),
    fingerprint: (parts, body) =>
      createHash("sha256").update(JSON.stringify(parts)).update("\n").update(body).digest("hex"),
    async find(asked) {
      try {
        const answer = await look(asked);
        found(1, { result: answer ? "hit" : "miss" });
        return answer;
      } catch (error) {
        found(1, { result: "unavailable" });
        log.warn({ err: error }, "kept answers cannot be looked at");
        return undefined;
      }
    },
    async keep({ fingerprint, organisationId, ttlSeconds }, answer) {
      try {
        const sealed = seal.close(organisationId, encodeCached(answer));
        await storeFor(ttlSeconds)?.use((objects) => objects.put(fingerprint, sealed));
        kept(1);
      } catch (error) {
        unkept(1);
        log.warn({ err: error, request_id: answer.requestId }, "an answer could not be kept for others");
      }
    },
  };
}
