// Anthropic.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { anthropicMessagesWire } from "../../wires/anthropic-messages/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { apiKey, versionHeaders } from "./request.ts";

const LINES: readonly Line[] = [
  { wire: anthropicMessagesWire, path: () => "/messages", headers: (waybill) => versionHeaders(waybill) },
];

export const anthropic: ProviderDialect = {
  exchange: (surface) => exchangeOf(LINES, surface),
  credentials: apiKey,
};
