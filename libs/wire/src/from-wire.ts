// Wire messages to domain values, for the few that have a shape of their own in libs/domain.
import type { Price, TokenUsage } from "@waybill/domain";
import type { Price as WirePrice, TokenUsage as WireTokenUsage } from "./gen/waybill/v1/money.ts";

/** The price of a message, or undefined when it is absent or has no usable tier: the price is unknown. */
export function fromWirePrice(wire: WirePrice | undefined): Price | undefined {
  if (!wire || wire.tiers.length === 0) return undefined;
  const tiers = [];
  for (const { aboveInputTokens, rates } of wire.tiers) {
    if (!rates) return undefined;
    tiers.push({ aboveInputTokens, rates });
  }
  return { version: wire.version, tiers, perRequestPicoUsd: wire.perRequestPicoUsd };
}

/** A price as it travels. */
export function toWirePrice(price: Price): WirePrice {
  return { version: price.version, tiers: [...price.tiers], perRequestPicoUsd: price.perRequestPicoUsd };
}

/** Token counts of a message; absent fields are zero in protobuf, so an absent message stays undefined. */
export function fromWireUsage(wire: WireTokenUsage | undefined): TokenUsage | undefined {
  return wire;
}
