// Every voice that the scripted provider speaks.
import { anthropicMessagesVoice } from "./anthropic-messages.ts";
import { bedrockConverseVoice } from "./bedrock-converse.ts";
import { geminiContentVoice } from "./gemini-content.ts";
import { openAiChatVoice } from "./openai-chat.ts";
import { openAiCompletionsVoice } from "./openai-completions.ts";
import { openAiEmbeddingsVoice } from "./openai-embeddings.ts";
import { openAiResponsesVoice } from "./openai-responses.ts";
import type { Voice } from "./voice.ts";

export const VOICES: readonly Voice[] = [
  openAiChatVoice,
  anthropicMessagesVoice,
  geminiContentVoice,
  bedrockConverseVoice,
  openAiResponsesVoice,
  openAiCompletionsVoice,
  openAiEmbeddingsVoice,
];
