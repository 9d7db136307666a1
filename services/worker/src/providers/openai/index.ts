// OpenAI itself, and whoever else serves both of its formats on its paths.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { openAiChatWire } from "../../wires/openai-chat/index.ts";
import { openAiResponsesWire } from "../../wires/openai-responses/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { bearer } from "./request.ts";

const LINES: readonly Line[] = [
  { wire: openAiChatWire, path: () => "/chat/completions" },
  { wire: openAiResponsesWire, path: () => "/responses" },
];

export const openAi: ProviderDialect = {
  exchange: (surface) => exchangeOf(LINES, surface),
  credentials: bearer,
};
