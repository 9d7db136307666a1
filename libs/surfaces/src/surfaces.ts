// All surfaces, by name and by path.
import { anthropicMessages } from "./anthropic-messages/index.ts";
import { openAiChat } from "./openai-chat/index.ts";
import { openAiCompletions } from "./openai-completions/index.ts";
import { openAiEmbeddings } from "./openai-embeddings/index.ts";
import { openAiResponses } from "./openai-responses/index.ts";
import type { Surface } from "./surface.ts";

export const SURFACES: readonly Surface[] = [
  openAiChat,
  openAiResponses,
  anthropicMessages,
  openAiCompletions,
  openAiEmbeddings,
];

const byName = new Map<string, Surface>(SURFACES.map((surface) => [surface.name, surface]));

/** Undefined: there is none of that name. */
export function surfaceNamed(name: string): Surface | undefined {
  return byName.get(name);
}
