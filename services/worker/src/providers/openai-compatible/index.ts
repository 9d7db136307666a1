// Anything that speaks OpenAI's Chat Completions: vLLM, Ollama, Groq, DeepSeek, xAI, Mistral, Together, OpenRouter and others.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { withoutFields } from "../../core/without-fields.ts";
import { openAiChatWire } from "../../wires/openai-chat/index.ts";
import { openAiCompletionsWire } from "../../wires/openai-completions/index.ts";
import { openAiEmbeddingsWire } from "../../wires/openai-embeddings/index.ts";
import type { ProviderDialect, Quirks } from "../provider.ts";
import { bearer } from "./request.ts";

/** By the names that a provider's `endpoints` have. */
const LINES: ReadonlyMap<string, Line> = new Map([
  ["chat", { wire: openAiChatWire, path: () => "/chat/completions" }],
  ["completions", { wire: openAiCompletionsWire, path: () => "/completions" }],
  ["embeddings", { wire: openAiEmbeddingsWire, path: () => "/embeddings" }],
]);

export const openAiCompatible: ProviderDialect = {
  exchange(surface, settings) {
    const quirks = settings?.quirks;
    const exchange = exchangeOf(linesOf(quirks), surface);
    if (!exchange || !quirks) return exchange;
    // Whatever a client said, it asked for usage by our doing; only its own fields are named to it.
    const unnamed = quirks.isStreamUsageRefused ? ["stream_options"] : [];
    return withoutFields(exchange, quirks.refusedParameters, unnamed);
  },
  credentials: bearer,
};

/** In the order above: what cannot pass is translated to a chat. */
function linesOf({ endpoints }: Pick<Quirks, "endpoints"> = { endpoints: [] }): readonly Line[] {
  const there = [...LINES].filter(([name]) => endpoints.length === 0 || endpoints.includes(name));
  return there.map(([, line]) => line);
}
