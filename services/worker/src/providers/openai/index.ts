// OpenAI itself, and whoever else serves its formats on its paths.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { openAiChatWire } from "../../wires/openai-chat/index.ts";
import { openAiCompletionsWire } from "../../wires/openai-completions/index.ts";
import { openAiEmbeddingsWire } from "../../wires/openai-embeddings/index.ts";
import { openAiResponsesWire } from "../../wires/openai-responses/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { bearer } from "./request.ts";

const LINES: readonly Line[] = [
  { wire: openAiChatWire, path: () => "/chat/completions" },
  { wire: openAiResponsesWire, path: () => "/responses" },
  { wire: openAiCompletionsWire, path: () => "/completions" },
  { wire: openAiEmbeddingsWire, path: () => "/embeddings" },
];

export const openAi: ProviderDialect = {
  exchange: (surface) => exchangeOf(LINES, surface),
  credentials: bearer,
};
