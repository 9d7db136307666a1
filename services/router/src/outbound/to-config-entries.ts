// What is live, as the values of KV `waybill_config`, and the fingerprints by which two values are told apart.
import { createHash } from "node:crypto";
import { type DeployedFilter, type PriceEntry, priceInForce } from "@waybill/catalog";
import { readRouteText, senderFacts as senderFactsOf } from "@waybill/routes";
import {
  AliasConfig,
  FilterConfig,
  ModelConfig,
  ProviderConfig,
  RouteConfig,
  type RoutePolicy,
  toWirePrice,
} from "@waybill/wire";
import { aliasKey, filterKey, modelKey, providerKey } from "../core/config-keys.ts";
import { pricesOf, type StoredModel } from "../core/model-change.ts";
import type { DeployedRow } from "./catalogue-store.ts";
import type { PricesByModel } from "./price-store.ts";
import { documentDigest } from "./route-changes.ts";

/** Key -> value of providers, models, aliases and content filters, with the prices in force at this moment. */
export function toCatalogueEntries(
  rows: readonly DeployedRow[],
  prices: PricesByModel,
  atMs: number,
): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (const row of rows) entries.set(catalogueKey(row), toValue(row, prices, atMs));
  return entries;
}

/** The key of a thing by its kind and name; a model's name is <provider>/<model>. */
export function catalogueKey({ kind, name }: Pick<DeployedRow, "kind" | "name">): string {
  if (kind === "provider") return providerKey(name);
  if (kind === "alias") return aliasKey(name);
  if (kind === "filter") return filterKey(name);
  const slash = name.indexOf("/");
  return modelKey(name.slice(0, slash), name.slice(slash + 1));
}

function toValue(row: DeployedRow, prices: PricesByModel, atMs: number): Uint8Array {
  switch (row.kind) {
    case "provider":
      return ProviderConfig.encode(ProviderConfig.fromPartial(row.document)).finish();
    case "alias":
      return AliasConfig.encode(row.document).finish();
    case "filter":
      return FilterConfig.encode(toFilterConfig(row.document)).finish();
    case "model":
      return ModelConfig.encode(toModelConfig(row.document, row.version, prices.get(row.name) ?? [], atMs)).finish();
  }
}

function toFilterConfig({ where, pii, keywords, webhook, ...rest }: DeployedFilter): FilterConfig {
  return { ...rest, webhook, where: [...where], pii: [...pii], keywords: [...keywords] };
}

function toModelConfig(
  document: StoredModel,
  version: number,
  everyPrice: readonly PriceEntry[],
  atMs: number,
): ModelConfig {
  const { contextWindowTokens, maxOutputTokens, capabilities, prices, deprecatedAtMs = 0, ...rest } = document;
  const list = pricesOf(prices, everyPrice);
  const price = priceInForce(list, atMs);
  // Versions from before these fields existed do not have them.
  const { quality = {}, firstTokenMs = 0, outputTokensPerSecond = 0, refusedParameters = [], ...names } = rest;
  return {
    ...{ ...names, version, firstTokenMs, outputTokensPerSecond, quality: { ...quality } },
    contextWindowTokens: BigInt(contextWindowTokens),
    maxOutputTokens: BigInt(maxOutputTokens),
    deprecatedAtMs: BigInt(deprecatedAtMs),
    capabilities: [...capabilities],
    refusedParameters: [...refusedParameters],
    price: price && toWirePrice(price),
    prices: list.map((entry) => ({
      effectiveFromMs: BigInt(entry.effectiveFromMs),
      price: toWirePrice(entry.price),
    })),
  };
}

export function toRouteValue(route: Omit<RouteConfig, "deployed" | "policy">, deployed: boolean): Uint8Array {
  return RouteConfig.encode({ ...route, deployed, policy: policyOf(route.documentJson) }).finish();
}

/** Undefined: there is nothing to say. */
function policyOf(documentJson: string): RoutePolicy | undefined {
  const { document } = readRouteText(documentJson);
  const start = document.nodes.find((node) => node.kind === "start");
  const { cache, filters = [] } = start ?? {};
  const senderFacts = senderFactsOf(document);
  if (!cache && filters.length === 0 && senderFacts.length === 0) return undefined;
  const ofCache = { cacheTtlSeconds: cache?.ttlSeconds ?? 0, cacheScope: cache?.scope ?? "" };
  return { ...ofCache, filters: [...filters], senderFacts };
}

/** Same key and same fingerprint: same value. A route's can be told without reading its document, from the store's digest. */
export function routeFingerprint(version: number, digest: string): string {
  return `${version} ${digest}`;
}

export function fingerprintOf(key: string, value: Uint8Array): string {
  if (key.startsWith("route.") || key.startsWith("try.")) {
    const { version, documentJson } = RouteConfig.decode(value);
    return routeFingerprint(version, documentDigest(documentJson));
  }
  return createHash("sha256").update(value).digest("hex");
}
