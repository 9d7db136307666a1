// Every dialect this worker speaks, by the name that a provider's configuration gives.
import { anthropic } from "./anthropic/index.ts";
import { openAiCompatible } from "./openai-compatible/index.ts";
import type { ProviderDialect } from "./provider.ts";

export const DIALECTS: ReadonlyMap<string, ProviderDialect> = new Map([
  ["openai-compatible", openAiCompatible],
  ["anthropic", anthropic],
]);
