// OpenAI's models as Azure serves them: OpenAI's own formats on paths and with keys of Azure's.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { openAiChatWire } from "../../wires/openai-chat/index.ts";
import { openAiCompletionsWire } from "../../wires/openai-completions/index.ts";
import { openAiEmbeddingsWire } from "../../wires/openai-embeddings/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { azureKey, azurePath } from "./request.ts";

const linesOf = (apiVersion: string): readonly Line[] => [
  { wire: openAiChatWire, path: azurePath("/chat/completions", apiVersion) },
  { wire: openAiCompletionsWire, path: azurePath("/completions", apiVersion) },
  { wire: openAiEmbeddingsWire, path: azurePath("/embeddings", apiVersion) },
];

export const azureOpenAi: ProviderDialect = {
  exchange: (surface, settings) => exchangeOf(linesOf(settings?.apiVersion ?? ""), surface),
  credentials: azureKey,
};
