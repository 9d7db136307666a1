// OpenAI's Chat Completions.
import type { Surface } from "../surface.ts";
import { chatAnswerTexts } from "./answer-texts.ts";
import { toErrorBody, toErrorEvent } from "./errors.ts";
import { readChatConversation } from "./read-conversation.ts";
import { readChatRequest } from "./request.ts";
import { ChunkStop } from "./stop-stream.ts";
import { writeChatAnswer } from "./write-answer.ts";
import { ChatWriter } from "./write-stream.ts";

export const openAiChat: Surface = {
  name: "openai-chat",
  path: "/v1/chat/completions",
  forwardedHeaders: [],
  readRequest: readChatRequest,
  errorBody: (error) => JSON.stringify(toErrorBody(error)),
  errorEvent: (error) => toErrorEvent(error),
  heartbeat: ": waybill\n\n",
  answerTexts: chatAnswerTexts,
  stopStream: () => new ChunkStop({ delta: {} }),
  translation: {
    readConversation: readChatConversation,
    writeAnswer: writeChatAnswer,
    writeStream: (facts) => new ChatWriter(facts),
  },
};
