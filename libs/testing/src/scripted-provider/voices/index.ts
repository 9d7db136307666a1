// Every voice that the scripted provider speaks.
import { anthropicMessagesVoice } from "./anthropic-messages.ts";
import { openAiChatVoice } from "./openai-chat.ts";
import type { Voice } from "./voice.ts";

export const VOICES: readonly Voice[] = [openAiChatVoice, anthropicMessagesVoice];
