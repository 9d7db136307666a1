// Google's Gemini API.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { geminiContentWire } from "../../wires/gemini-content/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { contentPath, googleKey } from "./request.ts";

const LINES: readonly Line[] = [{ wire: geminiContentWire, path: contentPath }];

export const gemini: ProviderDialect = {
  exchange: (surface) => exchangeOf(LINES, surface),
  credentials: googleKey,
};
