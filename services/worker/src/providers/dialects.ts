// Every dialect this worker speaks, by the name that a provider's configuration gives.
import { anthropic } from "./anthropic/index.ts";
import { azureOpenAi } from "./azure-openai/index.ts";
import { bedrock } from "./bedrock/index.ts";
import { gemini } from "./gemini/index.ts";
import { openAi } from "./openai/index.ts";
import { openAiCompatible } from "./openai-compatible/index.ts";
import type { ProviderDialect } from "./provider.ts";

export const DIALECTS: ReadonlyMap<string, ProviderDialect> = new Map([
  ["openai-compatible", openAiCompatible],
  ["anthropic", anthropic],
  ["gemini", gemini],
  ["bedrock", bedrock],
  ["azure-openai", azureOpenAi],
  ["openai", openAi],
]);
