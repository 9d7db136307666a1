// OpenAI's Chat Completions, and whatever speaks it: OpenAI itself, Azure, vLLM, Ollama, most vendors' compatible endpoints.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { ChatEvents, readAnswerEvents } from "./events.ts";
import { patchChat } from "./patch.ts";
import { OpenAiStream, readAnswer } from "./relay.ts";
import { abortedCall } from "./usage.ts";
import { writeChat } from "./write.ts";

export const openAiChatWire: Wire = {
  surface: "openai-chat",
  pass: { patch: patchChat, readStream: (choiceCount) => new OpenAiStream(choiceCount), readAnswer },
  translation: { write: writeChat, readStream: () => new ChatEvents(), readAnswer: readAnswerEvents },
  readRefusal,
  abortedCall,
};
