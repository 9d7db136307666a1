// OpenAI's Chat Completions API and whatever speaks it: OpenAI itself, vLLM, Ollama, most vendors' compatible endpoints.
import type { ProviderDialect } from "../provider.ts";
import { readRefusal } from "./error.ts";
import { toProviderRequest } from "./request.ts";
import { OpenAiStream, readAnswer } from "./stream.ts";
import { abortedCall } from "./usage.ts";

export const openAiCompatible: ProviderDialect = {
  request: toProviderRequest,
  readStream: () => new OpenAiStream(),
  readAnswer,
  readRefusal,
  abortedCall,
};
