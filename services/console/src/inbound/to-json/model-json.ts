// Models and prices of the wire as the admin API shows them, and prices that it is given as they travel.
import { createHash } from "node:crypto";
import { type PriceEntry, priceInForce } from "@waybill/catalog";
import { type Price, parseUsd } from "@waybill/domain";
import { type CatalogueModel, fromWirePrice, PriceListEntry, toWirePrice } from "@waybill/wire";
import type { z } from "zod";
import { figures, parseTier, priceText } from "../../core/price-text.ts";
import type * as schemas from "../schemas/catalogue.ts";
import { isoTimeOrNull } from "./iso-time.ts";

export function modelId({ provider, model }: Pick<CatalogueModel, "provider" | "model">): string {
  return `${provider}/${model}`;
}

export function modelJson(wire: CatalogueModel): z.input<typeof schemas.model> {
  const { provider, model, upstreamModel, capabilities, simulated, live, quality, version, source } = wire;
  return {
    id: modelId(wire),
    ...{ provider, model, upstreamModel, capabilities, simulated, live, quality, version, source },
    contextWindowTokens: Number(wire.contextWindowTokens),
    maxOutputTokens: Number(wire.maxOutputTokens),
    prices: priceEntries(wire).map(({ effectiveFromMs, price }) => ({
      effectiveFrom: isoTimeOrNull(effectiveFromMs),
      ...priceText(price),
    })),
    firstTokenMs: wire.firstTokenMs || null,
    outputTokensPerSecond: wire.outputTokensPerSecond || null,
    deprecatedAt: isoTimeOrNull(wire.deprecatedAtMs),
  };
}

export function priceEntries({ prices }: CatalogueModel): PriceEntry[] {
  return prices.flatMap(({ effectiveFromMs, price: wire }) => {
    const price = fromWirePrice(wire);
    return price ? [{ effectiveFromMs: Number(effectiveFromMs), price }] : [];
  });
}

export function priceNow(model: CatalogueModel, nowUnixMs: number): Price | undefined {
  return priceInForce(priceEntries(model), nowUnixMs);
}

type GivenPrice = z.output<typeof schemas.givenPrice>;

/** Reports every rate that cannot be kept. */
export function readGivenPrice(given: GivenPrice, report: (field: string, problem: string) => void): PriceListEntry {
  const { effectiveFrom, perRequest } = given;
  const tiers = given.tiers.map((tier, index) =>
    parseTier(tier, (field, problem) => report(`tiers[${index}].${field}`, problem)),
  );
  const effectiveFromMs = effectiveFrom === null ? 0 : Date.parse(effectiveFrom);
  const price: Price = { version: "", tiers, perRequestPicoUsd: parseUsd(perRequest) };
  const version = given.version ?? priceVersion("api", price, effectiveFromMs);
  return toPriceEntry({ effectiveFromMs, price: { ...price, version } });
}

export function toPriceEntry({ effectiveFromMs, price }: PriceEntry): PriceListEntry {
  return PriceListEntry.create({ effectiveFromMs: BigInt(effectiveFromMs), price: toWirePrice(price) });
}

/** A version names its figures and its beginning for ever. */
export function priceVersion(source: string, price: Price, effectiveFromMs: number): string {
  const text = `${effectiveFromMs}: ${figures(price)}`;
  return `${source}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}
