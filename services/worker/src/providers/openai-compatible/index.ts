// Anything that speaks OpenAI's Chat Completions: vLLM, Ollama, Groq, DeepSeek, xAI, Mistral, Together, OpenRouter and others.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { openAiChatWire } from "../../wires/openai-chat/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { bearer } from "./request.ts";

const LINES: readonly Line[] = [{ wire: openAiChatWire, path: () => "/chat/completions" }];

export const openAiCompatible: ProviderDialect = {
  exchange: (surface) => exchangeOf(LINES, surface),
  credentials: bearer,
};
