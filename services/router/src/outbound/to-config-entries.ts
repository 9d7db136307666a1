// What is deployed, as the values of KV `waybill_config`. Keys are made of escaped names; the values hold the names themselves.
import {
  type DeployedAlias,
  type DeployedModel,
  type DeployedProvider,
  type PriceEntry,
  priceInForce,
} from "@waybill/catalog";
import { subjectToken } from "@waybill/domain";
import { AliasConfig, ModelConfig, ProviderConfig, RouteConfig, toWirePrice } from "@waybill/wire";
import type { DeployedRow } from "./route-store.ts";

/** A model as the store keeps it; its prices stand in rows of their own. */
type StoredModel = Omit<DeployedModel, "prices">;

/** Key -> value of everything that should stand in the bucket at this moment. */
export function toConfigEntries(
  rows: readonly DeployedRow[],
  prices: ReadonlyMap<string, readonly PriceEntry[]>,
  atMs: number,
): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (const row of rows) {
    const [key, value] = toEntry(row, prices.get(row.name) ?? [], atMs);
    entries.set(key, value);
  }
  return entries;
}

function toEntry(row: DeployedRow, prices: readonly PriceEntry[], atMs: number): [string, Uint8Array] {
  const { kind, name, version, document } = row;
  switch (kind) {
    case "provider": {
      const config: ProviderConfig = document as unknown as DeployedProvider;
      return [`provider.${subjectToken(config.id)}`, ProviderConfig.encode(config).finish()];
    }
    case "model": {
      const { contextWindowTokens, maxOutputTokens, capabilities, ...names } = document as unknown as StoredModel;
      const price = priceInForce(prices, atMs);
      const config: ModelConfig = {
        ...names,
        contextWindowTokens: BigInt(contextWindowTokens),
        maxOutputTokens: BigInt(maxOutputTokens),
        capabilities: [...capabilities],
        price: price && toWirePrice(price),
      };
      const key = `model.${subjectToken(config.provider)}.${subjectToken(config.model)}`;
      return [key, ModelConfig.encode(config).finish()];
    }
    case "alias": {
      const config: AliasConfig = document as unknown as DeployedAlias;
      return [`alias.${subjectToken(name)}`, AliasConfig.encode(config).finish()];
    }
    case "route": {
      const config = { name, version, documentJson: JSON.stringify(document) };
      return [`route.${subjectToken(name)}`, RouteConfig.encode(config).finish()];
    }
  }
}
