// Every voice that the scripted provider speaks.
import { openAiChatVoice } from "./openai-chat.ts";
import type { Voice } from "./voice.ts";

export const VOICES: readonly Voice[] = [openAiChatVoice];
